#include "kernel/lifecycle/testing/world.hpp"

#include <tuple>
#include <utility>
#include <vector>

namespace bh::life::testing {
namespace {

std::string number(std::uint64_t n) { return std::to_string(n); }

void log(World& w, const Sub& sub, std::string_view type, const WorldTx& tx, const WorldBlock& block) {
    if (w.event_count == kMaxEvents) return violated(w, "too many events for this world");
    WorldEvent& event = w.events[w.event_count++];
    event = {};
    event.type = type, event.sub = sub.id.str(), event.tx = tx.hash.str(), event.owner = sub.owner.str(),
    event.order = sub.order.str();
    event.actor = sub.owner.str();
    event.height = block.height, event.branch = block.branch, event.time = block.time, event.expires = sub.expires;
    event.amount = sub.amount, event.paid_seconds = sub.paid_seconds, event.capacity = block.capacity;
    event.log_index = static_cast<std::uint32_t>(w.event_count);
}

Sub* sub_of(WorldBlock& block, std::string_view id) {
    for (Sub& sub : block.subs) {
        if (sub.exists && sub.id == id) return &sub;
    }
    return nullptr;
}

void refresh_grace(Sub& sub) { sub.grace_ends = sub.expires + kGrace; }

// True: it happened.
bool execute(World& w, WorldBlock& block, const WorldTx& tx) {
    if (tx.action == "set_capacity") {
        block.capacity = static_cast<std::uint64_t>(tx.seconds);
        log(w, {}, "plan", tx, block);
        return true;
    }
    if (tx.action == "buy") {
        if (block.capacity == 0) return false;
        for (Sub& sub : block.subs) {
            if (sub.exists) continue;
            sub = {};
            sub.exists = true, sub.id = tx.sub.str(), sub.tx = tx.hash.str(), sub.owner = tx.who.str();
            sub.order = "order-" + tx.hash.str();
            sub.bought = block.time, sub.window_ends = block.time + kWindow,
            sub.paid_seconds = static_cast<std::uint64_t>(tx.seconds);
            sub.amount = 1000;
            block.paid_in += sub.amount;
            log(w, sub, "purchased", tx, block);
            return true;
        }
        return false;
    }
    Sub* sub = sub_of(block, tx.sub.str());
    if (sub == nullptr) return false;
    const bool open = !sub->delivered && !sub->declined && !sub->refunded;
    if (tx.action == "deliver") {
        if (!open || (!tx.user && !(sub->order == tx.order.str())) || (tx.deadline > 0 && block.time > tx.deadline))
            return false;
        sub->delivered = true;
        if (++sub->mints > 1) violated(w, "token " + sub->id.str() + " was minted twice");
        sub->expires = block.time + static_cast<std::int64_t>(sub->paid_seconds);
        refresh_grace(*sub);
        log(w, *sub, "delivered", tx, block);
        return true;
    }
    if (tx.action == "decline" || tx.action == "refund") {
        if (!open || (tx.action == "decline" && !tx.user && !(sub->order == tx.order.str()))) return false;
        (tx.action == "decline" ? sub->declined : sub->refunded) = true;
        sub->credited += sub->amount, sub->amount = 0;
        log(w, *sub, tx.action == "decline" ? "declined" : "refunded", tx, block);
        return true;
    }
    if (!sub->delivered || sub->burned) return false;
    if (tx.action == "extend") {
        if (sub->cancelled || sub->closed) return false;
        sub->expires = std::max(sub->expires, block.time) + tx.seconds;
        refresh_grace(*sub);
        sub->amount += 10, block.paid_in += 10;
        log(w, *sub, "extended", tx, block);
        return true;
    }
    if (tx.action == "cancel" || tx.action == "opcancel") {
        if (sub->cancelled || sub->closed) return false;
        sub->cancelled = true, sub->by_owner = tx.action == "cancel";
        sub->expires = std::min(sub->expires, block.time);
        refresh_grace(*sub);
        log(w, *sub, "cancelled", tx, block);
        return true;
    }
    if (tx.action == "transfer") {
        if (sub->cancelled || sub->closed) return false;
        sub->owner = tx.who.str();
        log(w, *sub, "transferred", tx, block);
        return true;
    }
    if (tx.action == "update") {
        if (sub->closed || !(sub->owner == tx.who.str())) return false;
        ++sub->reseals;
        log(w, *sub, "credential_updated", tx, block);
        return true;
    }
    if (tx.action == "close") {
        const bool due = sub->by_owner || block.time >= sub->grace_ends;
        if (sub->closed || !due) return false;
        sub->closed = true;
        log(w, *sub, "closed", tx, block);
        return true;
    }
    if (tx.action == "burn") {
        if (!sub->closed) return false;
        sub->burned = true, sub->owner = "";
        log(w, *sub, "burned", tx, block);
        return true;
    }
    return false;
}

}  // namespace

void violated(World& w, const std::string& what) {
    if (w.violation.empty()) w.violation = what;
}

void begin_world(World& w) {
    w.blocks[0].branch = w.branch;
    w.blocks[0].time = w.now_ms / 1000;
    for (int i = 0; i < 3; ++i) {
        w.now_ms += 1000;
        mine_block(w);
    }
}

void mine_block(World& w) {
    if (w.height + 1 == kMaxBlocks) return violated(w, "too many blocks for this world");
    WorldBlock& block = w.blocks[w.height + 1];
    block = w.blocks[w.height];
    block.height = ++w.height;
    w.peak = std::max<std::uint64_t>(w.peak, w.height);
    block.branch = w.branch;
    block.time = std::max(block.time + 1, w.now_ms / 1000);
    if (!w.mining) return;
    for (WorldTx& tx : w.txs) {
        if (tx.state != WorldTx::pending) continue;
        tx.height = block.height;
        tx.state = execute(w, block, tx) ? WorldTx::mined : WorldTx::reverted;
    }
}

void reorganise(World& w, std::uint64_t keep, bool drop) {
    ++w.branch;
    w.forks[w.fork_count++] = {w.branch, keep};
    w.height = keep;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < w.event_count; ++i) {
        if (w.events[i].height <= keep) w.events[kept++] = w.events[i];
    }
    w.event_count = kept;
    for (WorldTx& tx : w.txs) {
        if (tx.state == WorldTx::none || tx.state == WorldTx::pending || tx.height <= keep) continue;
        tx.state = drop ? WorldTx::none : WorldTx::pending;
        // A purchase may be mined again, as the same transaction.
        if (drop && tx.action == "buy") tx.dropped_by_reorg = true;
    }
    mine_block(w);
}

void reorganise_in_place(World& w, std::uint64_t keep) {
    const std::uint64_t top = w.height;
    const std::int64_t now_ms = w.now_ms;
    std::vector<std::int64_t> times;
    for (std::uint64_t h = keep + 1; h <= top; ++h) times.push_back(w.blocks[h].time);
    std::vector<std::pair<WorldTx*, std::uint64_t>> waiting;  // until which height
    for (WorldTx& tx : w.txs) {
        const bool undone = (tx.state == WorldTx::mined || tx.state == WorldTx::reverted) && tx.height > keep;
        if (!undone && tx.state != WorldTx::pending) continue;
        waiting.emplace_back(&tx, undone ? tx.height : top + 1);
        tx.state = WorldTx::none;
    }
    std::sort(waiting.begin(), waiting.end(),
              [](const auto& a, const auto& b) { return std::tie(a.second, a.first) < std::tie(b.second, b.first); });
    ++w.branch;
    w.forks[w.fork_count++] = {w.branch, keep};
    w.height = keep;
    w.event_count = static_cast<std::size_t>(
        std::remove_if(w.events, w.events + w.event_count, [keep](const WorldEvent& e) { return e.height > keep; }) -
        w.events);
    for (std::uint64_t h = keep + 1; h <= top + 1; ++h) {
        for (const auto& [tx, height] : waiting) {
            if (height == h) tx->state = WorldTx::pending;
        }
        if (h <= top) w.now_ms = times[h - keep - 1] * 1000;
        mine_block(w);
        w.now_ms = now_ms;
    }
}

void user(World& w, std::string_view action, std::string_view sub, std::int64_t seconds, std::string_view who) {
    // The same purchase mined again in another block keeps its transaction.
    for (WorldTx& tx : w.txs) {
        if (action == "buy" && tx.dropped_by_reorg && tx.action == "buy" && tx.sub == sub) {
            tx.state = WorldTx::pending, tx.dropped_by_reorg = false;
            return;
        }
    }
    for (WorldTx& tx : w.txs) {
        if (tx.state != WorldTx::none || tx.dropped_by_reorg) continue;
        tx = {};
        tx.state = WorldTx::pending, tx.user = true, tx.action = action, tx.sub = sub, tx.seconds = seconds,
        tx.who = who;
        tx.hash = "0xuser" + number(++w.txs_made);
        return;
    }
    violated(w, "too many transactions for this world");
}

std::uint64_t height_of(const World& w, std::string_view type) {
    for (std::size_t i = w.event_count; i > 0; --i) {
        if (w.events[i - 1].type == type) return w.events[i - 1].height;
    }
    return 0;
}

const Sub* find_sub(const WorldBlock& block, std::string_view id) {
    for (const Sub& sub : block.subs) {
        if (sub.exists && sub.id == id) return &sub;
    }
    return nullptr;
}

bool balances(const World& w) {
    std::uint64_t sum = 0;
    for (const Sub& sub : head(w).subs) {
        if (sub.exists) sum += sub.amount + sub.credited;
    }
    return sum == head(w).paid_in;
}

void add_fault(World& w, std::string_view verb, std::int32_t code, std::uint32_t count, bool after) {
    for (Fault& fault : w.faults) {
        if (fault.count > 0) continue;
        fault.verb = verb, fault.code = code, fault.count = count, fault.after = after;
        return;
    }
    violated(w, "too many faults for this world");
}

void reboot(World& w) {
    ++w.boot;
    w.booted_ms = w.now_ms;
    for (VmObject& vm : w.vms) vm.running = false;
    for (BindingObject& binding : w.bindings) binding = {};
}

namespace {
template <class Object>
std::uint32_t count(const Object (&all)[kMaxObjects]) {
    std::uint32_t n = 0;
    for (const Object& each : all) n += each.exists ? 1 : 0;
    return n;
}
}  // namespace

std::uint32_t count_vms(const World& w) { return count(w.vms); }
std::uint32_t count_volumes(const World& w) { return count(w.volumes); }
std::uint32_t count_bindings(const World& w) { return count(w.bindings); }

}  // namespace bh::life::testing
