// What would be taken away next: suspended, closed, retired, destroyed, cleaned or burned, now or when, and why or why
// not yet. The same rules, tables and guard that the engine acts by, asked with fresh reads; nothing is done.
#pragma once

#include "kernel/lifecycle/engine.hpp"

namespace bh::life {

// In the order in which they are asked: the first one that applies is the answer.
enum class Verdict : std::uint8_t {
    unread,    // the chain or the backend could not be asked: no word is never a reason
    blocked,   // a person is needed, or the host is deriving
    refused,   // the guard's condition does not hold
    waiting,   // for a time, or for a position to be final
    counting,  // the condition holds, and the guard wants the same answer again
    due,       // at the job's next attempt, after one more fresh read
};
std::string_view to_text(Verdict verdict) noexcept;
std::string_view to_text(Guard guard) noexcept;

struct Foresight {
    SubscriptionRow row;
    Step step = Step::none;  // what would be done; none: held, and nothing will
    Verdict verdict = Verdict::unread;
    std::string why;           // a sentence
    std::int64_t when_ms = 0;  // not before, wall clock; 0 = not by the wall clock
    UnixTime when;             // not before, by the chain's final time; 0 = not by the chain's
    Reading says;              // what the final position and the head say
    Guard guard = Guard::none;
    bool holds = false;       // its condition
    std::uint32_t looks = 0;  // equal answers so far
    std::string vm;           // name; "" = none
};

// Everything that one answer rests on.
struct ForesightInput {
    SubscriptionRow row;
    std::optional<JobRow> job;
    std::optional<VmRow> vm;
    std::optional<Result<Vm>> found_vm;  // the hypervisor's answer about it, when it matters
    Result<View> view = View{};
    FactInputs facts;
    std::optional<GuardProgress> progress;
    GuardPolicy policy;
    bool parked_chain = false, recovering = false;
    std::string parked_instance;  // message of the parked plugin instance that the job needs; "" = none
    std::int64_t unsettled_until_ms = 0, now_ms = 0;
};
// Nothing: nothing is to be taken from this row. Pure.
std::optional<Foresight> foresee(const ForesightInput& input);

struct GcReport {
    std::vector<Foresight> rows;    // those that leave already, then by their time
    std::vector<VmRow> orphan_vms;  // kept: their order is on no chain
    std::vector<VolumeRow> orphan_volumes;
    bool more = false;  // there are more rows than were asked about
    GuardPolicy policy;
};
// Reads the chain twice a row and the hypervisor once: at most `limit` rows. Any thread.
Result<GcReport> foresee_all(Journal& journal, const Engine& engine, Ports& ports, const EngineConfig& config,
                             std::uint32_t limit);

}  // namespace bh::life
