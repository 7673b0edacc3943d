// What may go wrong within one move of the system, and where: an undisturbed move is recorded, then tried again with
// one deviation at each place that the record names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bh::life::model {

// What a port is asked for.
enum class Verb : std::uint8_t {
    poll,
    state_final,
    state_head,
    owner,
    submit,
    vm_create,
    vm_destroy,
    vm_start,
    vm_stop,
    vm_get,
    vm_list,
    hello,
    statement,
    volume_create,
    volume_delete,
    volume_list,
    delegation,
    net_apply,
    net_block,
    net_remove,
    net_list,
    check_request,
    seal,
    image,
};
std::string to_text(Verb verb);

enum class What : std::uint8_t {
    nothing,
    // At the place-th call of the move.
    refused,  // UNAVAILABLE, nothing happened
    lost,     // it happened, UNKNOWN_OUTCOME
    late,     // UNKNOWN_OUTCOME, and it happens later
    invalid,  // INVALID: for good
    denied,   // DENIED: the instance is parked
    missing,  // NOT_FOUND of what is there, an empty list: a lie
    says_absent,
    says_open,
    says_paid,
    says_expired,
    says_closed,
    says_refunded,  // a lie about the order
    // After the place-th commit or effect of the move: SIGKILL. And what is found at the next start.
    crash,       // started again at once
    crash_long,  // after five blocks
    // The place-th commit fails once: the disk is full.
    disk_full,
    // Between a verb and its record, or instead of the next tick.
    block,        // one more block
    reorg_again,  // place = depth; the same transactions in the opposite order
    reorg_drop,   // place = depth; the transactions never happened
    user,         // place = Act, of the order's owner
    drop_mempool,
    vm_stops,       // by itself
    reboot,         // of the host
    clock_forward,  // the wall clock, a day
    clock_back,     // an hour
    // SIGKILL, and the journal of `place` versions ago; -1: none at all.
    restore,
};
std::string to_text(What what);
// A crash, a failure that passes by itself or a moment's delay: no order may suffer by one of them.
bool is_transient(What what);

struct Deviation {
    What what = What::nothing;
    std::int32_t place = 0;
    std::uint8_t subject = 0;  // id of the subscription, for `user`
    std::int32_t half = 0;     // between which verb of the move and its record
    bool operator==(const Deviation&) const = default;
};
std::string to_text(const Deviation& deviation);

// Thrown through the engine: what SIGKILL is to a process. No destructor of the engine's parts commits anything.
struct Crashed {};

struct Oracle {
    Deviation deviation;
    std::vector<Verb> calls;
    std::int32_t points = 0, commits = 0;
    std::int32_t halves = 0;                   // verbs of the move, each with its record
    bool ticked = false;                       // the move was a tick
    std::vector<std::string>* told = nullptr;  // a trace wants to know what was called

    void begin(const Deviation& next) {
        auto* keep = told;
        *this = {};
        told = keep;
        deviation = next;
    }
    // Each port's first line; what the call shall do.
    What call(Verb verb) {
        const bool here = deviation.place == static_cast<std::int32_t>(calls.size()) && deviation.what < What::crash;
        calls.push_back(verb);
        if (told != nullptr) told->push_back(to_text(verb) + (here ? " -> " + to_text(deviation.what) : ""));
        return here ? deviation.what : What::nothing;
    }
    // After each commit and each effect.
    void point() {
        const bool dies = deviation.what == What::crash || deviation.what == What::crash_long;
        if (points++ == deviation.place && dies) throw Crashed{};
    }
    bool full() { return commits++ == deviation.place && deviation.what == What::disk_full; }
};

}  // namespace bh::life::model
