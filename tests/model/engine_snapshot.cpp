#include "tests/model/engine_snapshot.hpp"

#include <charconv>
#include <map>
#include <sstream>
#include <vector>

namespace bh::life {
namespace {

// Unordered containers in an order of their own.
template <class Set>
void add_sorted(model::Digest& d, const Set& set) {
    std::vector<typename Set::value_type> all(set.begin(), set.end());
    std::sort(all.begin(), all.end());
    d.add(all.size());
    for (const auto& each : all) d.add(each);
}

// What the guard counts, "STANDING/ORDER/SECONDS/SECONDS": the ends from the chain's time on.
void add_answer(model::Digest& d, const std::string& answer, std::int64_t chain_s) {
    constexpr std::int64_t kMemory = 64;
    std::istringstream parts{answer};
    for (std::string part; std::getline(parts, part, '/');) {
        std::int64_t seconds = 0;
        const char* end = part.data() + part.size();
        const auto [ptr, error] = std::from_chars(part.data(), end, seconds);
        if (error == std::errc{} && ptr == end) {
            d.since(seconds, chain_s, kMemory);
        } else {
            d.add(part);
        }
    }
}

constexpr std::int64_t kDue = 0;  // a timer that has passed is due, however long ago

}  // namespace

bool EngineSnapshot::settled(const Engine& engine) { return engine.in_flight_ == 0 && engine.completions_.empty(); }

EngineSnapshot EngineSnapshot::of(const Engine& e) {
    EngineSnapshot s;
    s.turn = e.turn_, s.took_end = e.took_end_, s.looked_at = e.looked_at_;
    s.boot_id = e.boot_id_, s.guard = e.guard_, s.recovering = e.recovering_, s.poll_now = e.poll_now_;
    s.chains = e.chains_, s.dirty = e.dirty_, s.again = e.again_, s.retry = e.retry_;
    s.underived = e.underived_, s.look_failures = e.look_failures_, s.busy = e.busy_, s.wanted = e.wanted_;
    s.next_watch_ms = e.next_watch_ms_, s.next_list_ms = e.next_list_ms_, s.seen = e.seen_;
    s.stalled_until_ms = e.stalled_until_ms_, s.timers_checked_ms = e.timers_checked_ms_;
    s.last_now_ms = e.last_now_ms_;
    s.inventory = e.inventory_, s.listed = e.listed_, s.recovery = e.recovery_, s.recover_asked = e.recover_asked_;
    s.submitting = e.submitting_, s.lost = e.lost_, s.touched = e.touched_;
    s.anchored = e.anchored_, s.next_anchor_ms = e.next_anchor_ms_, s.anchor_failing_ms = e.anchor_failing_ms_;
    return s;
}

void EngineSnapshot::put(Engine& e) const {
    e.turn_ = turn, e.took_end_ = took_end, e.looked_at_ = looked_at;
    e.boot_id_ = boot_id, e.guard_ = guard, e.recovering_ = recovering, e.poll_now_ = poll_now;
    e.chains_ = chains, e.dirty_ = dirty, e.again_ = again, e.retry_ = retry;
    e.underived_ = underived, e.look_failures_ = look_failures, e.busy_ = busy, e.wanted_ = wanted;
    e.next_watch_ms_ = next_watch_ms, e.next_list_ms_ = next_list_ms, e.seen_ = seen;
    e.stalled_until_ms_ = stalled_until_ms, e.timers_checked_ms_ = timers_checked_ms;
    e.last_now_ms_ = last_now_ms;
    e.inventory_ = inventory, e.listed_ = listed, e.recovery_ = recovery, e.recover_asked_ = recover_asked;
    e.submitting_ = submitting, e.lost_ = lost, e.touched_ = touched;
    e.anchored_ = anchored, e.next_anchor_ms_ = next_anchor_ms, e.anchor_failing_ms_ = anchor_failing_ms;
}

void EngineSnapshot::digest(model::Digest& d, std::int64_t wall_ms, std::int64_t monotonic_ms, std::uint64_t head,
                            std::int64_t chain_s) const {
    d.add(boot_id);
    // While nothing is in flight it is all the same whether the newest step took an end in, and there is one chain.
    d.add(turn);
    d.add(recovering);
    d.add(poll_now);
    std::vector<std::int64_t> rows;
    for (const auto& [row, seen] : guard.seen_) rows.push_back(row);
    std::sort(rows.begin(), rows.end());
    const std::int64_t span = guard.policy().span_ms + guard.policy().interval_ms();
    for (const std::int64_t row : rows) {
        const auto& seen = guard.seen_.at(row);
        d.add(row);
        d.add(seen.guard);
        add_answer(d, seen.answer, chain_s);
        d.add(std::min<std::uint32_t>(seen.count, guard.policy().checks));
        d.since(static_cast<std::int64_t>(seen.first_ns / 1'000'000), monotonic_ms, span);
        d.since(static_cast<std::int64_t>(seen.last_ns / 1'000'000), monotonic_ms, span);
    }
    for (const auto& [name, slot] : chains) {
        d.add(slot.described);
        d.add(slot.caught_up);
        d.since(slot.next_poll_ms, wall_ms, kDue);
        d.add(std::min<std::uint32_t>(slot.failures, 4));
        add_position(d, slot.cursor.final.position.id, slot.cursor.final.position.height, head);
        add_position(d, slot.cursor.head.position.id, slot.cursor.head.position.height, head);
        d.add(slot.cursor.parked_destruction);
        for (const auto* line : {&slot.served, &slot.others}) {
            d.add(line->size());
            for (const std::int64_t row : *line) d.add(row);
        }
    }
    add_sorted(d, again);
    add_sorted(d, retry);
    add_sorted(d, underived);
    for (const auto& [row, failures] : std::map(look_failures.begin(), look_failures.end())) {
        d.add(row);
        d.add(std::min<std::uint32_t>(failures, 4));
    }
    for (const auto& [name, ms] : next_watch_ms) d.since(ms, wall_ms, kDue);
    // Which addresses these are decides nothing: the prefix is so wide that no two orders ask for the same.
    for (const auto& [name, addresses] : seen) d.add(addresses != nullptr);
    for (const auto& [name, ms] : next_list_ms) d.since(ms, wall_ms, kDue);
    d.since(stalled_until_ms, wall_ms, kDue);
    d.add(timers_checked_ms == wall_ms);
    d.since(last_now_ms, wall_ms, 0);
    add_sorted(d, wanted);
    add_sorted(d, listed);
    d.add(recover_asked);
    add_sorted(d, submitting);
    d.add(touched.size());
    for (const auto& [row, retry] : touched) {
        d.add(row);
        d.add(retry);
    }
    d.add(lost.ahead.has_value());
    // The anchoring's own times decide nothing here: while exploring the log is left out, so nothing is ever due.
    // `recovery` tells an earlier recovery's lists from this one's, and none of them is on its way.
}

}  // namespace bh::life
