#include "tests/model/world.hpp"

#include <algorithm>

namespace bh::life::model {
namespace {

// Earned of the line at `now`: amount x lived / length, rounded down, all of it at the end.
std::uint64_t earned_of(const Order& o, std::int64_t now) {
    if (!o.delivered) return 0;
    if (now >= o.expires) return o.amount;
    const auto lived = static_cast<std::uint64_t>(std::max<std::int64_t>(now - o.line_start, 0));
    return o.amount * lived / static_cast<std::uint64_t>(o.expires - o.line_start);
}

void settle(Contract& c, Order& o, std::int64_t now) {
    const std::uint64_t earned = std::max(earned_of(o, now), o.settled);
    c.earned += earned - o.settled;
    o.settled = earned;
}

// A new line from now with what is unearned and `more`.
void renew(Contract& c, Order& o, std::int64_t now, std::int64_t expires, std::uint64_t more) {
    settle(c, o, now);
    o.amount = o.amount - o.settled + more;
    o.settled = 0, o.line_start = now, o.expires = expires, o.grace_ends = expires + kGrace;
}

void give_back(Contract& c, Order& o, std::uint8_t to) {
    c.credits[to] += o.amount - o.settled;
    o.amount = o.settled = 0;
}

Order* find(Contract& c, std::uint8_t id) {
    return id >= 1 && id <= kIds && c.orders[id - 1].exists ? &c.orders[id - 1] : nullptr;
}

bool purchase(Contract& c, const Tx& tx, std::int64_t now, std::uint8_t& id) {
    for (std::size_t i = 0; i < kIds; ++i) {
        Order& o = c.orders[i];
        if (o.exists) continue;
        o.exists = true, o.purchase = tx.order, o.buyer = o.owner = tx.who;
        o.bought = now, o.window_ends = now + kWindow, o.amount = kPrice;
        c.paid_in += kPrice;
        id = static_cast<std::uint8_t>(i + 1);
        return true;
    }
    return false;
}

bool apply_delivered(Contract& c, const Tx& tx, Order& o, std::int64_t now) {
    const bool live = o.delivered && !o.closed;
    switch (tx.act) {
        case Act::extend:
            if (!live || o.cancelled) return false;
            c.paid_in += kPrice;
            renew(c, o, now, std::max(o.expires, now) + kExtension, kPrice);
            return true;
        case Act::credit_time:
            if (!live || o.cancelled) return false;
            renew(c, o, now, std::max(o.expires, now) + 1, 0);
            return true;
        case Act::cancel:
        case Act::operator_cancel:
            if (!live || o.cancelled || (tx.act == Act::cancel && tx.who != o.owner)) return false;
            settle(c, o, now);
            give_back(c, o, o.owner);
            o.cancelled = true, o.by_owner = tx.act == Act::cancel;
            o.expires = std::min(o.expires, now), o.grace_ends = o.expires + kGrace;
            return true;
        case Act::transfer:
            if (!live || o.cancelled) return false;
            o.owner = static_cast<std::uint8_t>(3 - o.owner);
            return true;
        case Act::close:
            if (!live || !((o.cancelled && o.by_owner) || now >= o.grace_ends)) return false;
            settle(c, o, now);
            o.amount = o.settled = 0;
            o.closed = true;
            return true;
        case Act::burn:
            if (!o.closed || o.burned) return false;
            o.burned = true;
            return true;
        default:
            return false;
    }
}

bool apply(World& w, Contract& c, const Tx& tx, std::int64_t now, std::uint8_t& id) {
    if (tx.act == Act::purchase) return purchase(c, tx, now, id);
    if (tx.act == Act::withdraw) {
        for (Order& o : c.orders) settle(c, o, now);
        c.withdrawn += c.earned;
        c.earned = 0;
        return true;
    }
    if (tx.act == Act::claim) {
        for (std::uint64_t& credit : c.credits) c.claimed += credit, credit = 0;
        return true;
    }
    Order* o = find(c, tx.id);
    if (o == nullptr) return false;
    const bool order_fits = w.broken.contract_ignores_order || tx.order == o->purchase;
    switch (tx.act) {
        case Act::deliver:
            if (!o->open() || !order_fits || now > tx.deadline) return false;
            o->delivered = true, o->sealed_for = tx.sealed_for;
            if (++o->mints > 1) violated(w, "OneMint: token " + std::to_string(tx.id) + " was minted twice");
            if (tx.sealed_for != o->purchase) {
                violated(w, "OneMint: token " + std::to_string(tx.id) + " holds what was sealed for another order");
            }
            o->line_start = now, o->expires = now + kPaid, o->grace_ends = o->expires + kGrace;
            return true;
        case Act::decline:
            if (!o->open() || !order_fits) return false;
            give_back(c, *o, o->buyer);
            o->declined = true;
            return true;
        case Act::refund:
            if (!o->open() || now <= o->window_ends) return false;
            give_back(c, *o, o->buyer);
            o->refunded = true;
            return true;
        default:
            return apply_delivered(c, tx, *o, now);
    }
}

}  // namespace

std::string to_text(Act act) {
    constexpr std::array<const char*, 14> kNames{"none",     "purchased",     "delivered", "declined",    "refunded",
                                                 "extended", "cancelled",     "cancelled", "transferred", "closed",
                                                 "burned",   "time_credited", "withdrawn", "claimed"};
    return kNames[static_cast<std::size_t>(act)];
}

std::uint64_t Contract::held() const {
    std::uint64_t sum = earned;
    for (const Order& o : orders) sum += o.amount - o.settled;
    for (const std::uint64_t credit : credits) sum += credit;
    return sum;
}

const ChainBlock* World::at_height(std::uint32_t height) const {
    for (const ChainBlock& block : blocks) {
        if (block.height == height) return &block;
    }
    return nullptr;
}

void violated(World& w, const std::string& what) {
    if (w.violation.empty()) w.violation = what;
}

Tx& send(World& w, Act act, std::uint8_t id, std::uint8_t who) {
    Tx tx;
    tx.act = act, tx.id = id, tx.who = who, tx.number = ++w.txs_made;
    if (act == Act::purchase) tx.order = ++w.purchases;
    w.txs.push_back(std::move(tx));
    return w.txs.back();
}

bool would_succeed(const World& w, Act act, std::uint8_t id, std::uint8_t who) {
    World copy;
    copy.blocks = {w.head()};
    Tx tx;
    tx.act = act, tx.id = id, tx.who = who;
    std::uint8_t given = id;
    return apply(copy, copy.blocks.back().contract, tx, w.head().time + 1, given);
}

void mine(World& w) {
    ChainBlock block = w.head();
    ++block.height;
    ++block.time;
    block.branch = w.branch;
    std::uint32_t index = 0;
    // Agent's transactions are mined in the order of their nonces; one that is below the account's is void.
    for (bool more = true; more;) {
        more = false;
        for (Tx& tx : w.txs) {
            if (tx.state != Tx::State::pending) continue;
            if (tx.agent && tx.nonce != block.contract.agent_nonce) continue;
            if (tx.agent) ++block.contract.agent_nonce;
            std::uint8_t id = tx.id;
            const bool done = apply(w, block.contract, tx, block.time, id);
            tx.state = done ? Tx::State::mined : Tx::State::reverted;
            tx.height = block.height;
            more = true;
            if (!done || tx.act == Act::withdraw || tx.act == Act::claim) continue;
            const Order& o = block.contract.orders[id - 1];
            w.logs.push_back({tx.act, id, o.owner, tx.number, o.purchase, block.height, block.branch, ++index,
                              block.time, o.expires});
        }
    }
    const Contract& c = block.contract;
    if (c.paid_in - c.withdrawn - c.claimed != c.held())
        violated(w, "EveryWei: the contract's balance does not add up");
    w.blocks.push_back(block);
    if (w.blocks.size() > kRecent) w.blocks.erase(w.blocks.begin());
}

void reorganise(World& w, std::uint32_t depth, bool again) {
    depth = std::min<std::uint32_t>(depth, static_cast<std::uint32_t>(w.blocks.size()) - 1);
    w.blocks.resize(w.blocks.size() - depth);
    const std::uint32_t kept = w.head().height;
    w.forks.push_back({++w.branch, kept});
    std::erase_if(w.logs, [&](const Log& log) { return log.height > kept; });
    for (Tx& tx : w.txs) {
        const bool undone = (tx.state == Tx::State::mined || tx.state == Tx::State::reverted) && tx.height > kept;
        if (undone) tx.state = again ? Tx::State::pending : Tx::State::dropped;
        if (!again && tx.state == Tx::State::pending) tx.state = Tx::State::dropped;
        tx.reported = tx.reported && !undone;
    }
    // Two purchases that change places get each other's id.
    std::vector<Tx*> purchases;
    for (Tx& tx : w.txs) {
        if (tx.state == Tx::State::pending && tx.act == Act::purchase) purchases.push_back(&tx);
    }
    if (again && purchases.size() == 2) std::swap(*purchases[0], *purchases[1]);
    for (std::uint32_t i = 0; i <= depth; ++i) mine(w);
}

void let_late_creates_happen(World& w) {
    for (const LateCreate& late : w.late) {
        if (late.at_ms > w.monotonic_ms) continue;
        // The backend itself refuses a second object with the same key.
        if (late.is_vm) {
            const bool taken =
                std::any_of(w.vms.begin(), w.vms.end(), [&](const VmObject& vm) { return vm.op_id == late.vm.op_id; });
            if (!taken || w.broken.create_without_look) w.vms.push_back(late.vm);
        } else {
            const bool taken = std::any_of(w.volumes.begin(), w.volumes.end(), [&](const VolumeObject& volume) {
                return volume.op_id == late.volume.op_id;
            });
            if (!taken || w.broken.create_without_look) w.volumes.push_back(late.volume);
        }
    }
    std::erase_if(w.late, [&](const LateCreate& late) { return late.at_ms <= w.monotonic_ms; });
}

}  // namespace bh::life::model
