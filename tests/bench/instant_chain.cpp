// InstantHost: the chain.
#include "tests/bench/instant_contents.hpp"

namespace bh::bench {

using namespace bh::life;

namespace {

constexpr std::size_t kRecent = 3;
constexpr const char* kResources = R"({"cpus":1,"disk_bytes":2147483648,"image":"debian-12","memory_bytes":268435456})";

class InstantChain final : public ChainPort {
public:
    explicit InstantChain(Contents& s) : s_{s} {}
    Status check() override { return {}; }
    Result<ChainDescription> describe() override {
        ChainDescription d;
        d.chain = kChain, d.contract = kContract, d.credential = "0xcredential", d.signature_schemes = {"eip191"};
        d.capabilities = {"set_capacity"};
        return d;
    }
    Result<ChainEvents> poll(const Call&, const std::string& cursor, std::uint32_t max) override {
        const std::lock_guard lock{s_.mutex};
        ChainEvents out;
        std::size_t next = 0;
        if (cursor.empty()) {
            out.events.push_back(plan());
        } else {
            next = std::stoul(cursor);
        }
        while (next < s_.events.size() && out.events.size() < max) out.events.push_back(s_.events[next++]);
        out.more = next < s_.events.size();
        out.head = s_.head();
        const std::uint64_t top = s_.times.size() - 1;
        for (std::uint64_t h = top > kRecent ? top - kRecent : 0; h <= top; ++h) out.recent.push_back(s_.block(h));
        out.cursor = std::to_string(next);
        return out;
    }
    Result<Receipt> submit(const Call& call, const Intent& intent, const Position&) override {
        {
            const std::lock_guard lock{s_.mutex};
            const auto found = s_.sent.find(call.op_id);
            if (found != s_.sent.end() && !found->second.mined)
                return Failure{BH_PENDING, "not_final", "not final yet", 1000};
            if (found != s_.sent.end())
                return Receipt{"0x" + call.op_id, found->second.position, s_.head().time, {"1"}};
        }
        const Bytes raw(200, 0x5a);  // a signed transaction
        if (auto saved = call.save(raw); !saved) return saved.failure();
        const std::lock_guard lock{s_.mutex};
        s_.sent[call.op_id] = {intent, false, {}};
        return Failure{BH_PENDING, "not_final", "not final yet", 1000};
    }
    Result<OwnerAnswer> owner_of(const std::string& credential, const Position& at, std::uint32_t) override {
        const std::lock_guard lock{s_.mutex};
        const auto found = s_.orders.find(credential);
        OwnerAnswer out;
        out.position = at.known() ? at : s_.head().position;
        out.exists = found != s_.orders.end() && found->second.delivered;
        if (out.exists) out.owner = "0xbuyer";
        return out;
    }
    Result<SubscriptionState> subscription_state(const std::string& id, const Position& at, std::uint32_t) override {
        const std::lock_guard lock{s_.mutex};
        SubscriptionState out;
        out.position = at.known() ? at : s_.head().position;
        out.time = {s_.times[out.position.height]};
        out.subscription = id;
        const auto found = s_.orders.find(id);
        if (found == s_.orders.end()) return out;
        const Order& order = found->second;
        out.exists = true, out.plan = "1", out.order = order.order, out.recipient = "0xbuyer";
        out.owner = order.delivered ? "0xbuyer" : "";
        out.paid_seconds = order.paid_seconds, out.token = "native", out.amount = {"1000"};
        out.window_ends = {order.bought + kWindow};
        out.delivered = order.delivered;
        if (order.delivered) out.expires_at = {order.expires}, out.grace_ends = {order.expires + kGrace};
        return out;
    }
    Result<Balances> balances(const std::string&, const Position&, std::uint32_t) override { return Balances{}; }

private:
    ChainEvent plan() {
        ChainEvent out;
        out.type = "plan", out.position = s_.block(0).position, out.tx = "0xplan", out.plan = "1";
        out.plan_state = ChainEvent::PlanState{};
        out.plan_state->resources = kResources;
        out.plan_state->delivery_window_s = kWindow, out.plan_state->grace_s = kGrace;
        out.plan_state->active = true, out.plan_state->total = 1'000'000;
        return out;
    }
    Contents& s_;
};

}  // namespace

std::unique_ptr<ChainPort> make_instant_chain(Contents& contents) { return std::make_unique<InstantChain>(contents); }

void InstantHost::buy(const std::string& id, std::uint64_t days) {
    const std::lock_guard lock{state_->mutex};
    ChainEvent event = state_->event("purchased", id);
    event.order = "0xorder" + id, event.paid_seconds = days * kDay, event.amount = {"1000"};
    event.data = Bytes(83, 3);
    state_->waiting.push_back(std::move(event));
}

void InstantHost::extend(const std::string& id, std::uint64_t days) {
    const std::lock_guard lock{state_->mutex};
    ChainEvent event = state_->event("extended", id);
    event.paid_seconds = days * kDay;
    state_->waiting.push_back(std::move(event));
}

void InstantHost::mine(std::int64_t seconds) {
    const std::lock_guard lock{state_->mutex};
    Contents& s = *state_;
    s.times.push_back(s.times.back() + seconds);
    const Block block = s.head();
    for (auto& [op_id, sent] : s.sent) {
        if (sent.mined) continue;
        sent.mined = true, sent.position = block.position;
        if (sent.intent.action != "deliver") continue;
        Order& order = s.orders[sent.intent.subscription];
        order.delivered = true;
        order.expires = block.time.seconds + static_cast<std::int64_t>(order.paid_seconds);
        ChainEvent event = s.event("delivered", sent.intent.subscription);
        event.expires_at = {order.expires};
        s.waiting.push_back(std::move(event));
    }
    std::uint32_t index = 0;
    for (ChainEvent& event : s.waiting) {
        event.position = block.position, event.time = block.time, event.log_index = index++;
        Order& order = s.orders[event.subscription];
        if (event.type == "purchased") {
            order = {event.tx, event.order, block.time.seconds, 0, event.paid_seconds, false};
        } else if (event.type == "extended") {
            order.expires = std::max(order.expires, block.time.seconds) + static_cast<std::int64_t>(event.paid_seconds);
            event.expires_at = {order.expires};
        }
        s.events.push_back(std::move(event));
    }
    s.waiting.clear();
}

}  // namespace bh::bench
