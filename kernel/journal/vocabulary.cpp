#include "kernel/journal/vocabulary.hpp"

namespace bh::life {
namespace {

constexpr std::array<std::string_view, kStateCount> kStates{
    "purchased",  "reserving", "building", "reachable",   "awaiting_final", "sealing",   "delivering", "active",
    "suspending", "suspended", "resuming", "closing",     "retiring",       "destroyed", "burning",    "ended",
    "declining",  "declined",  "refunded", "rolled_back", "cleaning",       "held",      "rebuilding"};

constexpr std::array<std::string_view, kStepCount> kSteps{
    "none",   "check",   "reserve",       "volume_create", "vm_create", "start",  "reach",
    "seal",   "deliver", "decline",       "clean",         "suspend",   "resume", "close",
    "retire", "destroy", "volume_delete", "burn",          "restart"};

constexpr std::array<std::string_view, kJobStateCount> kJobStates{
    "queued", "running", "waiting", "backoff", "uncertain", "parked", "held", "done", "failed", "aborted"};

constexpr std::array<std::string_view, kEventStateCount> kEventStates{"seen", "final", "rolled_back"};

template <class Word>
constexpr const auto& words() {
    if constexpr (std::is_same_v<Word, State>) {
        return kStates;
    } else if constexpr (std::is_same_v<Word, Step>) {
        return kSteps;
    } else if constexpr (std::is_same_v<Word, JobState>) {
        return kJobStates;
    } else {
        return kEventStates;
    }
}

template <class Word>
std::string_view text_of(Word word) noexcept {
    const auto index = static_cast<std::size_t>(word);
    return index < words<Word>().size() ? words<Word>()[index] : std::string_view{"?"};
}

}  // namespace

std::string_view to_text(State state) noexcept { return text_of(state); }
std::string_view to_text(Step step) noexcept { return text_of(step); }
std::string_view to_text(JobState state) noexcept { return text_of(state); }
std::string_view to_text(EventState state) noexcept { return text_of(state); }

template <class Word>
std::optional<Word> word_from_text(std::string_view text) noexcept {
    const auto& all = words<Word>();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] == text) return static_cast<Word>(i);
    }
    return std::nullopt;
}
template std::optional<State> word_from_text<State>(std::string_view) noexcept;
template std::optional<Step> word_from_text<Step>(std::string_view) noexcept;
template std::optional<JobState> word_from_text<JobState>(std::string_view) noexcept;
template std::optional<EventState> word_from_text<EventState>(std::string_view) noexcept;

}  // namespace bh::life
