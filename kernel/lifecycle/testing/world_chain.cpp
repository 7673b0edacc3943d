#include "kernel/lifecycle/testing/parts.hpp"

namespace bh::life::testing {
namespace {

std::string id_of(const WorldBlock& block) {
    return "0x" + std::to_string(block.branch) + "-" + std::to_string(block.height);
}
bh::Block block_of(const WorldBlock& block) { return {{id_of(block), block.height}, {block.time}}; }

class WorldChain final : public ChainPort {
public:
    explicit WorldChain(World& w) : w_{w} {}
    Status check() override {
        BH_FAULT("chain_check");
        return {};
    }
    Result<ChainDescription> describe() override {
        ChainDescription d;
        d.chain = kChain, d.contract = kContract, d.credential = "0xcredential";
        d.signature_schemes = {"eip191"}, d.capabilities = {"set_capacity", "update"};
        if (w_.bare) d.capabilities = {"deliver", "extend"};
        return d;
    }
    // Cursor "BRANCH:HEIGHT".
    Result<ChainEvents> poll(const Call&, const std::string& cursor, std::uint32_t) override {
        BH_FAULT("poll");
        ChainEvents out;
        std::uint64_t branch = w_.branch, from = 0;
        if (!cursor.empty()) {
            const std::size_t colon = cursor.find(':');
            branch = std::stoull(cursor.substr(0, colon)), from = std::stoull(cursor.substr(colon + 1));
        } else {
            plan(out);
        }
        std::uint64_t valid = from;
        for (std::size_t i = 0; i < w_.fork_count; ++i) {
            if (w_.forks[i].branch > branch) valid = std::min(valid, w_.forks[i].kept);
        }
        if (valid < from || (branch != w_.branch && valid == from && valid > w_.height)) {
            ChainEvent rollback;
            rollback.type = "rollback",
            rollback.position = block_of(w_.blocks[std::min<std::uint64_t>(valid, w_.height)]).position;
            out.events.push_back(rollback);
            from = valid;
        }
        for (std::size_t i = 0; i < w_.event_count; ++i) {
            if (w_.events[i].height > from) out.events.push_back(event(w_.events[i]));
        }
        const WorldBlock& top = head(w_);
        out.head = block_of(top);
        for (std::uint64_t h = top.height > 60 ? top.height - 60 : 0; h <= top.height; ++h)
            out.recent.push_back(block_of(w_.blocks[h]));
        ++w_.polls;
        out.wakes = w_.poll_wakes;
        out.cursor = std::to_string(w_.branch) + ":" + std::to_string(top.height);
        return out;
    }
    Result<Receipt> submit(const Call& call, const Intent& intent, const Position& final_at) override {
        BH_FAULT("submit");
        WorldTx* tx = nullptr;
        for (WorldTx& each : w_.txs) {
            if (each.state != WorldTx::none && each.op_id == call.op_id && !each.reported) tx = &each;
        }
        if (tx == nullptr) {
            const std::string hash = "0xagent" + std::to_string(w_.txs_made + 1);
            if (auto saved = call.save(Bytes(hash.begin(), hash.end())); !saved) return saved.failure();
            for (WorldTx& each : w_.txs) {
                if (each.state == WorldTx::none && !each.dropped_by_reorg) {
                    tx = &each;
                    break;
                }
            }
            if (tx == nullptr) return Failure{BH_E_EXHAUSTED, "world", "too many transactions for this world", 0};
            ++w_.txs_made;
            *tx = {};
            tx->state = WorldTx::pending, tx->op_id = call.op_id, tx->action = intent.action,
            tx->sub = intent.subscription;
            if (intent.action == "set_capacity") tx->seconds = static_cast<std::int64_t>(intent.total);
            tx->who = intent.owner, tx->order = intent.order, tx->hash = hash, tx->deadline = intent.deadline.seconds;
        }
        BH_LOST("submit");
        if (final_at.known() && at_position(final_at) == nullptr) return gone();
        const bool final = tx->state != WorldTx::pending && final_at.known() && tx->height <= final_at.height;
        if (!final) return Failure{BH_PENDING, "not_final", "not final yet", w_.pending_ms};
        if (tx->state == WorldTx::reverted) {
            tx->reported = true;
            return Failure{BH_E_CONFLICT, "reverted", "the transaction was reverted", 0};
        }
        return Receipt{tx->hash.str(), block_of(w_.blocks[tx->height]).position, {w_.blocks[tx->height].time}, {"1"}};
    }
    Result<OwnerAnswer> owner_of(const std::string& credential, const Position& at, std::uint32_t) override {
        BH_FAULT("owner_of");
        const WorldBlock* block = at_position(at);
        if (block == nullptr) return gone();
        const Sub* sub = find_sub(*block, credential);
        OwnerAnswer answer;
        answer.position = block_of(*block).position;
        answer.exists = sub != nullptr && sub->delivered && !sub->burned;
        if (answer.exists) answer.owner = sub->owner.str();
        return answer;
    }
    Result<SubscriptionState> subscription_state(const std::string& id, const Position& at, std::uint32_t) override {
        BH_FAULT("subscription_state");
        const WorldBlock* block = at_position(at);
        if (block == nullptr) return gone();
        SubscriptionState state;
        state.position = block_of(*block).position, state.time = {block->time}, state.subscription = id;
        const Sub* sub = find_sub(*block, id);
        if (sub == nullptr) return state;
        state.exists = true, state.order = sub->order.str(), state.recipient = state.owner = sub->owner.str();
        state.paid_seconds = sub->paid_seconds, state.token = "native", state.amount = {std::to_string(sub->amount)};
        state.expires_at = {sub->expires}, state.window_ends = {sub->window_ends}, state.grace_ends = {sub->grace_ends};
        state.delivered = sub->delivered, state.declined = sub->declined, state.refunded = sub->refunded;
        state.cancelled = sub->cancelled, state.cancelled_by_owner = sub->by_owner, state.closed = sub->closed,
        state.burned = sub->burned;
        if (fault(w_, "says_open"))
            state.delivered = state.cancelled = state.cancelled_by_owner = state.closed = state.burned = false;
        if (fault(w_, "says_unclosed")) state.closed = state.burned = false;
        return state;
    }
    Result<Balances> balances(const std::string&, const Position&, std::uint32_t) override { return Balances{}; }

private:
    static Failure gone() { return {BH_E_UNAVAILABLE, "position_unknown", "that position is on no branch", 0}; }
    const WorldBlock* at_position(const Position& at) {
        if (!at.known()) return &head(w_);
        if (at.height > w_.height || id_of(w_.blocks[at.height]) != at.id) return nullptr;
        return &w_.blocks[at.height];
    }
    static void plan(ChainEvents& out) {
        ChainEvent event;
        event.type = "plan", event.position = {"0x1-0", 0}, event.tx = "0xplan", event.plan = "1";
        event.plan_state = ChainEvent::PlanState{};
        event.plan_state->resources =
            R"({"cpus":1,"memory_bytes":268435456,"disk_bytes":2147483648,"image":"debian-12"})";
        event.plan_state->delivery_window_s = kWindow, event.plan_state->grace_s = kGrace,
        event.plan_state->active = true, event.plan_state->total = kCapacity;
        out.events.push_back(event);
    }
    static ChainEvent event(const WorldEvent& from) {
        ChainEvent to;
        to.type = from.type.str(),
        to.position = {"0x" + std::to_string(from.branch) + "-" + std::to_string(from.height), from.height};
        to.time = {from.time}, to.tx = from.tx.str(), to.log_index = from.log_index, to.subscription = from.sub.str();
        to.plan = "1", to.actor = from.actor.str(), to.owner = from.owner.str(), to.token = "native",
        to.order = from.order.str();
        to.paid_seconds = from.paid_seconds, to.amount = {std::to_string(from.amount)}, to.expires_at = {from.expires};
        to.data = {1, 2, 3};
        if (to.type == "plan") {
            ChainEvents first;
            plan(first);
            to.plan_state = first.events.front().plan_state;
            to.plan_state->total = from.capacity;
        }
        return to;
    }
    World& w_;
};

}  // namespace

std::unique_ptr<ChainPort> make_world_chain(World& world) { return std::make_unique<WorldChain>(world); }

}  // namespace bh::life::testing
