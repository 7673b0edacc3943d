// The words that the journal stores for a subscription's state, a job's step and a job's state (LIFECYCLE.md sections
// 3 and 4). Stored as text: a dump of the database can be read, and a new word breaks no old row.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bh::life {

enum class State : std::uint8_t {
    purchased,
    reserving,
    building,
    reachable,
    awaiting_final,
    sealing,
    delivering,
    active,
    suspending,
    suspended,
    resuming,
    closing,
    retiring,
    destroyed,
    burning,
    ended,
    declining,
    declined,
    refunded,
    rolled_back,
    cleaning,
    held,
    rebuilding,
};
inline constexpr std::size_t kStateCount = 23;

// What a job does. Several steps may use one verb of a plugin; `step_name` is what goes into the op_id.
enum class Step : std::uint8_t {
    none,
    check,
    reserve,
    volume_create,
    vm_create,
    start,
    reach,
    seal,
    deliver,
    decline,
    clean,
    suspend,
    resume,
    close,
    retire,
    destroy,
    volume_delete,
    burn,
    restart,
};
inline constexpr std::size_t kStepCount = 19;

enum class JobState : std::uint8_t {
    queued,
    running,
    waiting,
    backoff,
    uncertain,
    parked,
    held,
    done,
    failed,
    aborted,
};
inline constexpr std::size_t kJobStateCount = 10;

enum class EventState : std::uint8_t { seen, final, rolled_back };
inline constexpr std::size_t kEventStateCount = 3;

std::string_view to_text(State state) noexcept;
std::string_view to_text(Step step) noexcept;
std::string_view to_text(JobState state) noexcept;
std::string_view to_text(EventState state) noexcept;

// Nothing for an unknown word.
template <class Word>
std::optional<Word> word_from_text(std::string_view text) noexcept;
extern template std::optional<State> word_from_text<State>(std::string_view) noexcept;
extern template std::optional<Step> word_from_text<Step>(std::string_view) noexcept;
extern template std::optional<JobState> word_from_text<JobState>(std::string_view) noexcept;
extern template std::optional<EventState> word_from_text<EventState>(std::string_view) noexcept;

// Nothing more will happen to it by itself.
constexpr bool is_settled(JobState state) noexcept {
    return state == JobState::done || state == JobState::failed || state == JobState::aborted;
}

}  // namespace bh::life
