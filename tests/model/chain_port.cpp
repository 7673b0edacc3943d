#include "tests/model/ports.hpp"

#include <algorithm>
#include <array>

namespace bh::life::model {
namespace {

std::string id_of(const ChainBlock& b) { return "0x" + std::to_string(b.branch) + "-" + std::to_string(b.height); }
bh::Block block_of(const ChainBlock& b) { return {{id_of(b), b.height}, {b.time}}; }
std::string person(std::uint8_t who) { return who == 0 ? "" : "0xbuyer" + std::to_string(who); }
std::string order_of(std::uint32_t purchase) { return "order-" + std::to_string(purchase); }
std::string purchase_tx(std::uint32_t purchase) { return "0xp" + std::to_string(purchase); }
Failure unavailable(const char* reason) { return {BH_E_UNAVAILABLE, reason, "the model's fault", 0}; }
std::uint32_t number_of(const std::string& text, std::size_t skip) {
    return text.size() > skip ? static_cast<std::uint32_t>(std::stoul(text.substr(skip))) : 0;
}

class Chain final : public ChainPort {
public:
    Chain(World& w, Oracle& o) : w_{w}, o_{o} {}

    Status check() override { return {}; }
    Result<ChainDescription> describe() override {
        ChainDescription d;
        d.chain = "test:1", d.contract = "0xcontract", d.credential = "0xcredential";
        d.signature_schemes = {"eip191"};
        return d;
    }
    Result<ChainEvents> poll(const Call&, const std::string& cursor, std::uint32_t) override;
    Result<Receipt> submit(const Call& call, const Intent& intent, const Position& final_at) override;
    Result<SubscriptionState> subscription_state(const std::string& id, const Position& at, std::uint32_t) override;
    Result<OwnerAnswer> owner_of(const std::string& credential, const Position& at, std::uint32_t) override {
        if (o_.call(Verb::owner) != What::nothing) return unavailable("owner");
        const ChainBlock* block = at_position(at);
        if (block == nullptr) return unavailable("position_unknown");
        const Order& o = block->contract.orders[number_of(credential, 0) - 1];
        OwnerAnswer answer;
        answer.position = block_of(*block).position;
        answer.exists = o.delivered && !o.burned;
        if (answer.exists) answer.owner = person(o.owner);
        return answer;
    }
    Result<Balances> balances(const std::string&, const Position&, std::uint32_t) override { return Balances{}; }

private:
    const ChainBlock* at_position(const Position& at) const {
        if (!at.known()) return &w_.head();
        const ChainBlock* block = w_.at_height(static_cast<std::uint32_t>(at.height));
        return block != nullptr && id_of(*block) == at.id ? block : nullptr;
    }
    static void lie(What what, SubscriptionState& s, std::int64_t now, const std::string& order);
    ChainEvent event(const Log& log) const;
    Tx* tx_of(const Call& call);
    void fill_nonces_below(std::uint32_t nonce);
    Result<Tx*> send_new(const Call& call, const Intent& intent);

    World& w_;
    Oracle& o_;
};

ChainEvent Chain::event(const Log& log) const {
    ChainEvent e;
    e.type = to_text(log.act);
    e.position = {"0x" + std::to_string(log.branch) + "-" + std::to_string(log.height), log.height};
    e.time = {log.time}, e.log_index = log.index, e.subscription = std::to_string(log.id), e.plan = "1";
    e.tx = log.act == Act::purchase ? purchase_tx(log.purchase) : "0xt" + std::to_string(log.tx);
    e.actor = e.owner = person(log.owner), e.token = "native", e.order = order_of(log.purchase);
    e.paid_seconds = kPaid, e.amount = {std::to_string(kPrice)}, e.expires_at = {log.expires};
    e.data = {static_cast<std::uint8_t>(log.purchase)};  // the sealed request: what is sealed to it names it
    return e;
}

// Cursor "BRANCH:HEIGHT".
Result<ChainEvents> Chain::poll(const Call&, const std::string& cursor, std::uint32_t) {
    if (o_.call(Verb::poll) != What::nothing) return unavailable("poll");
    ChainEvents out;
    std::uint32_t branch = w_.branch, from = 0;
    if (cursor.empty()) {
        ChainEvent plan;
        plan.type = "plan", plan.position = {"0x1-0", 0}, plan.tx = "0xplan", plan.plan = "1";
        plan.plan_state = ChainEvent::PlanState{};
        plan.plan_state->resources = R"({"cpus":1,"memory_bytes":268435456,"disk_bytes":2147483648})";
        plan.plan_state->delivery_window_s = kWindow, plan.plan_state->grace_s = kGrace, plan.plan_state->active = true;
        out.events.push_back(plan);
    } else {
        const std::size_t colon = cursor.find(':');
        branch = number_of(cursor.substr(0, colon), 0), from = number_of(cursor, colon + 1);
    }
    std::uint32_t valid = from;
    for (const World::Fork& fork : w_.forks) {
        if (fork.branch > branch) valid = std::min(valid, fork.kept);
    }
    if (valid < from) {
        ChainEvent rollback;
        rollback.type = "rollback", rollback.position = {"0x?-" + std::to_string(valid), valid};
        if (const ChainBlock* block = w_.at_height(valid)) rollback.position = block_of(*block).position;
        out.events.push_back(rollback);
        from = valid;
    }
    for (const Log& log : w_.logs) {
        if (log.height > from) out.events.push_back(event(log));
    }
    out.head = block_of(w_.head());
    for (const ChainBlock& block : w_.blocks) out.recent.push_back(block_of(block));
    out.cursor = std::to_string(w_.branch) + ":" + std::to_string(w_.head().height);
    return out;
}

// The checkpoint is the number of the newest transaction that was signed for this op_id.
Tx* Chain::tx_of(const Call& call) {
    const std::uint32_t number = number_of(std::string{call.checkpoint.begin(), call.checkpoint.end()}, 0);
    for (Tx& tx : w_.txs) {
        if (tx.number == number && tx.op_id == call.op_id) return &tx;
    }
    return nullptr;
}

Result<Tx*> Chain::send_new(const Call& call, const Intent& intent) {
    std::uint32_t nonce = w_.head().contract.agent_nonce;
    bool may_be_mined = false;
    for (const Tx& tx : w_.txs) {
        const bool live = tx.agent && tx.state == Tx::State::pending;
        if (live) nonce = std::max(nonce, tx.nonce + 1);
        may_be_mined = may_be_mined || (live && tx.op_id == call.op_id);
    }
    if (may_be_mined && !w_.restored) {
        violated(w_, "OneTransaction: a second transaction of " + intent.action + " while the first can be mined");
    }
    const std::string number = std::to_string(w_.txs_made + 1);
    if (auto saved = call.save(Bytes(number.begin(), number.end())); !saved) return saved.failure();
    Tx& tx = send(w_, Act::none, static_cast<std::uint8_t>(number_of(intent.subscription, 0)), 0);
    tx.act = intent.action == "deliver"   ? Act::deliver
             : intent.action == "decline" ? Act::decline
             : intent.action == "close"   ? Act::close
                                          : Act::burn;
    tx.agent = true, tx.nonce = nonce, tx.op_id = call.op_id, tx.deadline = intent.deadline.seconds;
    tx.order = number_of(intent.order, 6);
    // The credential that is sealed names its order, so that the contract's model can compare.
    tx.sealed_for = intent.sealed.empty() ? 0 : intent.sealed.front();
    o_.point();
    return &tx;
}

// A nonce whose transaction is gone, and which nobody asks for any more, holds up all above it.
void Chain::fill_nonces_below(std::uint32_t nonce) {
    for (std::uint32_t n = w_.head().contract.agent_nonce; n < nonce; ++n) {
        const bool waits = std::any_of(w_.txs.begin(), w_.txs.end(), [n](const Tx& tx) {
            return tx.agent && tx.nonce == n && tx.state == Tx::State::pending;
        });
        if (waits) continue;
        Tx& filler = send(w_, Act::none, 0, 0);
        filler.agent = true, filler.nonce = n, filler.op_id = "filler";
    }
}

Result<Receipt> Chain::submit(const Call& call, const Intent& intent, const Position& final_at) {
    const What what = o_.call(Verb::submit);
    if (what == What::denied) return Failure{BH_E_DENIED, "policy", "the signer refused", 0};
    if (what == What::invalid) return invalid("intent", "the model's fault");
    if (what == What::refused) return unavailable("submit");
    Tx* tx = tx_of(call);
    const bool void_nonce = tx != nullptr && tx->state == Tx::State::pending && final_at.known() &&
                            w_.at_height(static_cast<std::uint32_t>(final_at.height)) != nullptr &&
                            tx->nonce < w_.at_height(static_cast<std::uint32_t>(final_at.height))->contract.agent_nonce;
    if (tx == nullptr || tx->reported || void_nonce || (w_.broken.second_nonce && tx->state == Tx::State::pending)) {
        if (void_nonce) tx->state = Tx::State::dropped;
        auto sent = send_new(call, intent);
        if (!sent) return sent.failure();
        tx = *sent;
    } else if (tx->state == Tx::State::dropped) {
        tx->state = Tx::State::pending;  // the same bytes are sent again
        o_.point();
    }
    const std::uint32_t number = tx->number;
    if (tx->state == Tx::State::pending) fill_nonces_below(tx->nonce);
    tx = &*std::find_if(w_.txs.begin(), w_.txs.end(), [number](const Tx& each) { return each.number == number; });
    if (what == What::lost) return Failure{BH_E_UNKNOWN_OUTCOME, "lost", "the answer was lost", 0};
    const bool in_block = tx->state == Tx::State::mined || tx->state == Tx::State::reverted;
    if (!in_block || !final_at.known() || tx->height > final_at.height) {
        return Failure{BH_PENDING, "not_final", "not final yet", 1000};
    }
    if (tx->state == Tx::State::reverted) {
        tx->reported = true;
        return Failure{BH_E_CONFLICT, "reverted", "the transaction was reverted", 0};
    }
    return Receipt{"0xt" + std::to_string(tx->number), final_at, {}, {"1"}};
}

void Chain::lie(What what, SubscriptionState& s, std::int64_t now, const std::string& order) {
    if (what == What::says_absent) {
        s.exists = false;
        return;
    }
    s.exists = true, s.order = order;
    s.delivered = what != What::says_open && what != What::says_refunded;
    s.refunded = what == What::says_refunded;
    s.closed = what == What::says_closed;
    s.declined = s.burned = s.cancelled = s.cancelled_by_owner = false;
    const std::int64_t expires = what == What::says_paid ? now + 10 : now - 1;
    s.expires_at = {s.delivered ? expires : 0}, s.grace_ends = {s.delivered ? expires + kGrace : 0};
}

Result<SubscriptionState> Chain::subscription_state(const std::string& id, const Position& at, std::uint32_t) {
    const What what = o_.call(at.known() ? Verb::state_final : Verb::state_head);
    if (what == What::refused) return unavailable("state");
    const ChainBlock* block = at_position(at);
    if (block == nullptr) return unavailable("position_unknown");
    const Order& o = block->contract.orders[number_of(id, 0) - 1];
    SubscriptionState s;
    s.position = block_of(*block).position, s.time = {block->time}, s.subscription = id, s.exists = o.exists;
    if (o.exists) {
        s.plan = "1", s.order = order_of(o.purchase), s.recipient = person(o.buyer), s.owner = person(o.owner);
        s.paid_seconds = kPaid, s.token = "native", s.amount = {std::to_string(o.amount)};
        s.expires_at = {o.expires}, s.window_ends = {o.window_ends}, s.grace_ends = {o.grace_ends};
        s.delivered = o.delivered, s.declined = o.declined, s.refunded = o.refunded, s.cancelled = o.cancelled;
        s.cancelled_by_owner = o.cancelled && o.by_owner, s.closed = o.closed, s.burned = o.burned;
    }
    // Who lies once goes on with it until the next block.
    if (what != What::nothing) w_.lie = static_cast<std::uint8_t>(what), w_.lie_until_ms = w_.monotonic_ms + 1000;
    if (w_.monotonic_ms < w_.lie_until_ms) {
        lie(static_cast<What>(w_.lie), s, block->time,
            order_of(w_.head().contract.orders[number_of(id, 0) - 1].purchase));
    }
    return s;
}

}  // namespace

std::unique_ptr<ChainPort> make_chain(World& world, Oracle& oracle) { return std::make_unique<Chain>(world, oracle); }

std::uint32_t purchase_of_epoch(const std::string& epoch) {
    return epoch.starts_with("0xp") ? number_of(epoch.substr(0, epoch.find(':')), 3) : 0;
}

std::uint8_t id_of_subject(const std::string& subject) {
    return static_cast<std::uint8_t>(number_of(subject, subject.find(':') + 1));
}

namespace {

// By the head's word and by the final one's: neither alone is enough to act on.
std::array<const ChainBlock*, 2> words_at(const World& w, std::uint32_t height) {
    return {w.at_height(height), w.at_height(height - kFinalDepth)};
}

// It was over until the newest block, and what the endpoints say since is a lie: whoever looks just then can't know
// better. The next look undoes it.
bool is_lied_to(const World& w, std::uint8_t id, std::uint32_t purchase) {
    if (w.monotonic_ms >= w.lie_until_ms) return false;
    const auto before = words_at(w, w.head().height - 1);
    return std::all_of(before.begin(), before.end(), [&](const ChainBlock* block) {
        if (block == nullptr) return false;
        const Order& o = block->contract.orders[id - 1];
        return o.exists && o.purchase == purchase && !o.open() && !o.paid(block->time);
    });
}

}  // namespace

void forbid_if_paid(World& w, std::uint8_t id, std::uint32_t purchase, const std::string& what,
                    const IsParked& parked) {
    if (parked()) violated(w, "PaidStays: something was " + what + " while destruction is parked");
    if ((what == "stopped" || what == "cut off") && is_lied_to(w, id, purchase)) return;
    const auto [newest, final] = words_at(w, w.head().height);
    for (const ChainBlock* block : {newest, final}) {
        const std::string where = block == final ? " (at the final position)" : "";
        const Order& o = block->contract.orders[id - 1];
        if (!o.exists || o.purchase != purchase) continue;
        if (o.open()) violated(w, "PaidStays: an order that waits for its delivery had its machine " + what + where);
        if (o.paid(block->time)) violated(w, "PaidStays: a paid machine was " + what + where);
    }
}

}  // namespace bh::life::model
