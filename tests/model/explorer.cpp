#include "tests/model/explorer.hpp"

namespace bh::life::model {
namespace {

constexpr std::uint32_t kLongestWay = 6000;
constexpr std::size_t kLastMoves = 12;
constexpr std::uint64_t kReplayEach = 20'011;  // every so many new states one is reached again without snapshots

std::string at_text(const System& s) {
    const World& w = s.world();
    std::string text =
        "block " + std::to_string(w.head().height) + " (" + std::to_string(w.head().time - kGenesis) + " s)";
    for (const auto& row : s.tables().subscriptions) text += "  " + row->id + ":" + std::string{to_text(row->state)};
    return text + (s.up() ? "" : "  down");
}

}  // namespace

Explorer::Explorer(Scenario scenario, BrokenRules broken, GuardPolicy guard, Limits limits)
    : scenario_{std::move(scenario)},
      broken_{broken},
      guard_{guard},
      limits_{std::move(limits)},
      scratch_{scenario_, broken, guard} {}

bool Explorer::stopped() {
    if (stop_) return true;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin_;
    const bool limit = (limits_.states > 0 && figures_.states >= limits_.states) ||
                       (limits_.seconds > 0 && took.count() > limits_.seconds);
    if (limit) stop_ = true, figures_.complete = false;
    return stop_;
}

void Explorer::run() {
    begin_ = std::chrono::steady_clock::now();
    System system{scenario_, broken_, guard_};
    ways_.push_back({});
    follow(0, system);
    while (!starts_.empty() && !stopped()) {
        const Start start = std::move(starts_.front());
        starts_.pop_front();
        system.load(start.from);
        follow(start.way, system);
    }
    if (!stop_) check_cycles();
    figures_.ways = ways_.size();
    figures_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

void Explorer::follow(std::uint32_t way, System& system) {
    const std::uint8_t level = ways_[way].level;
    for (std::uint32_t at = 0;; ++at) {
        figures_.longest = std::max<std::uint64_t>(figures_.longest, at);
        if (!system.world().violation.empty()) return report(way, at, system.world().violation);
        if (at == kLongestWay) return report(way, at, "EveryOrderEnds: no end after " + std::to_string(at) + " moves");
        const std::uint64_t digest = system.digest();
        const auto [known, fresh] = seen_.try_emplace(digest, Seen{way, level});
        if (!fresh) {
            if (known->second.way == way) return report(way, at, "EveryOrderEnds: it goes round in a circle");
            if (known->second.level <= level) {
                ways_[way].next = known->second.way;
                return;
            }
            known->second = {way, level};
        } else if (++figures_.states % kReplayEach == 0) {
            check_replay(way, at, digest);
        }
        if (system.ended()) {
            ways_[way].next = way;
            const std::string wrong = wrong_at_end(system, scenario_, ways_[way].transient);
            if (!wrong.empty()) report(way, at, wrong);
            return;
        }
        if (stopped()) return;
        const bool branches = level < limits_.deviations;
        Snapshot here;
        if (branches) here = system.save();
        system.move({});
        ++figures_.transitions;
        if (branches) branch(way, at, here, system.record(), system);
    }
}

void Explorer::branch(std::uint32_t way, std::uint32_t at, const Snapshot& here, const Oracle& record,
                      const System& system) {
    const Oracle copy = record;
    for (const Deviation& deviation : possible(copy, system, ways_[way].level)) {
        if (stopped()) return;
        try_one(way, at, here, deviation);
    }
}

void Explorer::try_one(std::uint32_t way, std::uint32_t at, const Snapshot& here, const Deviation& deviation) {
    const std::uint8_t level = static_cast<std::uint8_t>(ways_[way].level + 1);
    scratch_.load(here);
    scratch_.move(deviation);
    ++figures_.transitions;
    if (scratch_.world().violation.empty()) {
        const auto known = seen_.find(scratch_.digest());
        if (known != seen_.end() && known->second.level <= level) return;
    }
    const auto next = static_cast<std::uint32_t>(ways_.size());
    ways_.push_back({way, at, deviation, next, level, ways_[way].transient && is_transient(deviation.what)});
    if (level < limits_.deviations && scratch_.world().violation.empty()) {
        starts_.push_back({next, scratch_.save()});
    } else {
        follow(next, scratch_);
    }
}

namespace {

std::vector<What> faults_of(Verb verb) {
    using enum What;
    switch (verb) {
        case Verb::state_final:  // lies go on to the head's read behind it
            return {refused, says_absent, says_open, says_paid, says_expired, says_closed, says_refunded};
        case Verb::submit:
            return {refused, lost, invalid, denied};
        case Verb::vm_create:
        case Verb::volume_create:
            return {refused, lost, late, invalid, denied};
        case Verb::vm_destroy:
        case Verb::volume_delete:
        case Verb::vm_start:
        case Verb::vm_stop:
            return {refused, lost, invalid};
        case Verb::delegation:
            return {refused, lost};
        case Verb::vm_get:
        case Verb::vm_list:
        case Verb::volume_list:
        case Verb::net_list:
            return {refused, missing};
        case Verb::check_request:
        case Verb::seal:
            return {refused, invalid};
        default:
            return {refused};
    }
}

void add_world_changes(std::vector<Deviation>& all, const World& w) {
    for (std::uint32_t depth = 1; depth <= kFinalDepth + 1; ++depth) {
        // Only depths that undo something, and the one below what is final.
        const std::uint32_t lowest = w.head().height - depth + 1;
        const bool undoes = std::any_of(w.txs.begin(), w.txs.end(), [&](const Tx& tx) {
            return (tx.state == Tx::State::mined || tx.state == Tx::State::reverted) && tx.height == lowest;
        });
        if (!undoes && depth <= kFinalDepth) continue;
        all.push_back({What::reorg_again, static_cast<std::int32_t>(depth), 0});
        all.push_back({What::reorg_drop, static_cast<std::int32_t>(depth), 0});
    }
    for (std::uint8_t id = 1; id <= kIds; ++id) {
        const Order& o = w.head().contract.orders[id - 1];
        if (!o.exists) continue;
        for (const Act act : {Act::extend, Act::cancel, Act::operator_cancel, Act::transfer, Act::credit_time}) {
            if (would_succeed(w, act, id, o.owner)) all.push_back({What::user, static_cast<std::int32_t>(act), id});
        }
    }
}

}  // namespace

// What could have gone otherwise in the move that was just recorded.
std::vector<Deviation> Explorer::possible(const Oracle& record, const System& system, std::uint8_t level) const {
    std::vector<Deviation> all;
    const World& w = system.world();
    if (record.ticked) {
        all.push_back({What::crash, -1, 0});
        all.push_back({What::crash_long, -1, 0});
        add_world_changes(all, w);
        if (std::any_of(w.txs.begin(), w.txs.end(),
                        [](const Tx& tx) { return tx.agent && tx.state == Tx::State::pending; }))
            all.push_back({What::drop_mempool, 0, 0});
        if (std::any_of(w.vms.begin(), w.vms.end(), [](const VmObject& vm) { return vm.running; }))
            all.push_back({What::vm_stops, 0, 0});
        for (const What what : {What::reboot, What::clock_forward, What::clock_back}) all.push_back({what, 0, 0});
        for (std::int32_t i = -1; i < static_cast<std::int32_t>(system.version_count()); ++i)
            all.push_back({What::restore, i, 0});
    }
    for (std::int32_t i = 0; i < record.points; ++i) all.push_back({What::crash, i, 0});
    if (record.points > 0) all.push_back({What::crash_long, record.points - 1, 0});
    for (std::size_t i = 0; i < record.calls.size(); ++i) {
        for (const What what : faults_of(record.calls[i])) all.push_back({what, static_cast<std::int32_t>(i), 0});
    }
    for (std::int32_t i = 0; i < record.commits; ++i) all.push_back({What::disk_full, i, 0});
    for (std::int32_t half = 0; half < record.halves; ++half) {
        const std::size_t before = all.size();
        all.push_back({What::block, 0, 0});
        add_world_changes(all, w);
        for (std::size_t i = before; i < all.size(); ++i) all[i].half = half;
    }
    if (level > 0 && !limits_.later.empty())
        std::erase_if(all, [&](const Deviation& d) { return !limits_.later.contains(d.what); });
    return all;
}

void Explorer::report(std::uint32_t way, std::uint32_t at, const std::string& what) {
    if (!reported_.insert(what).second) return;
    found_.push_back({what, trace(way, at, nullptr)});
    if (found_.size() >= limits_.violations) stop_ = true;
}

// Plays the way again from the very beginning, in one go and without snapshots, and writes down what happens.
std::vector<std::string> Explorer::trace(std::uint32_t way, std::uint32_t at, std::uint64_t* digest) {
    std::vector<std::uint32_t> path;
    for (std::uint32_t each = way; each != 0; each = ways_[each].parent) path.insert(path.begin(), each);
    System system{scenario_, broken_, guard_};
    std::vector<std::string> lines, told;
    if (digest == nullptr) system.tell(&told);
    std::size_t audited = 0;
    std::deque<std::string> last;  // all of the newest moves, also where nothing is written down
    const auto move = [&](const Deviation& d) {
        const std::string before = at_text(system);
        told.clear();
        system.move(d);
        if (digest != nullptr) return;
        std::string line;
        for (const std::string& each : told) line += (line.empty() ? "" : ", ") + each;
        if (d.what != What::nothing) lines.push_back(before + "  *** " + to_text(d));
        last.push_back(before + "  " + (line.empty() ? "no call" : line));
        if (last.size() > kLastMoves) last.pop_front();
        audited = std::min(audited, system.tables().told.size());
        const bool news = audited < system.tables().told.size() || d.what != What::nothing;
        if (news && !line.empty()) lines.push_back(before + "  calls " + line);
        for (; audited < system.tables().told.size(); ++audited) {
            const AuditRow& row = *system.tables().told[audited];
            lines.push_back("    " + row.action + " " + row.subject + " " + row.detail);
        }
    };
    for (std::size_t i = 0; i <= path.size(); ++i) {
        const std::uint32_t until = i < path.size() ? ways_[path[i]].at : at;
        for (std::uint32_t step = 0; step < until; ++step) move({});
        if (i < path.size()) move(ways_[path[i]].deviation);
    }
    if (digest != nullptr) *digest = system.digest();
    lines.emplace_back("the last moves:");
    for (const std::string& line : last) lines.push_back("    " + line);
    lines.push_back(at_text(system) + "  " + system.world().violation);
    return lines;
}

void Explorer::check_replay(std::uint32_t way, std::uint32_t at, std::uint64_t digest) {
    std::uint64_t again = 0;
    trace(way, at, &again);
    ++figures_.replayed;
    if (again != digest) report(way, at, "Model: the same way leads to another state without snapshots");
}

// Ways lead into others; all of them must come to one that ended.
void Explorer::check_cycles() {
    std::vector<std::uint8_t> colour(ways_.size(), 0);  // 1: on the present walk, 2: leads to an end
    for (std::uint32_t begin = 0; begin < ways_.size(); ++begin) {
        std::vector<std::uint32_t> walk;
        std::uint32_t each = begin;
        while (colour[each] == 0) {
            colour[each] = 1;
            walk.push_back(each);
            if (ways_[each].next == each) break;
            each = ways_[each].next;
        }
        const bool circle = colour[each] == 1 && ways_[each].next != each;
        for (const std::uint32_t done : walk) colour[done] = 2;
        if (circle) report(each, 0, "EveryOrderEnds: ways lead round in a circle");
    }
}

std::vector<Scenario> scenarios() {
    using enum Deed::After;
    return {
        {"life", {{Act::purchase, 1, 1, begin, 1}}},
        {"extended", {{Act::purchase, 1, 1, begin, 1}, {Act::extend, 1, 1, expiry, 2}}},
        {"cancelled", {{Act::purchase, 1, 1, begin, 1}, {Act::cancel, 1, 1, delivery, 3}}},
        {"junk", {{Act::purchase, 1, 1, begin, 1}}, false, false, false},
        {"early", {{Act::purchase, 1, 1, begin, 1}}, true, true},
        {"two", {{Act::purchase, 1, 1, begin, 1}, {Act::purchase, 2, 2, begin, 1}}},
    };
}

}  // namespace bh::life::model
