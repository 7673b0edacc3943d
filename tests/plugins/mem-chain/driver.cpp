#include "tests/plugins/mem-chain/driver.hpp"

namespace bh::mem {

ChainDriver::ChainDriver(std::string state_file) : backend_{std::move(state_file)} {
    backend_.edit([](ChainState& state) { begin(state); });
}

std::string ChainDriver::create_plan(const PlanTerms& terms) {
    ContractCall call;
    call.function = "create_plan";
    call.text = terms.resources;
    call.price_per_day = terms.price_per_day;
    call.window_s = terms.window_s;
    call.grace_s = terms.grace_s;
    call.total = terms.total;
    call.setup_days = terms.setup_days;
    const std::string hash = send(state().operator_key, call);
    mine();
    for (const ChainEvent& event : logs())
        if (event.tx == hash) return event.plan;
    throw std::runtime_error{"the plan was refused: " + why(hash)};
}

void ChainDriver::set_plan_active(const std::string& plan, bool active) {
    ContractCall call;
    call.function = "set_active";
    call.plan = plan;
    call.active = active;
    send(state().operator_key, call);
}

std::string ChainDriver::purchase(const std::string& buyer, const std::string& plan, std::uint64_t days,
                                  const Bytes& request) {
    ContractCall call;
    call.function = "purchase";
    call.plan = plan;
    call.days = days;
    call.data = request;
    return send(buyer, call);
}

std::string ChainDriver::extend(const std::string& payer, const std::string& subscription, std::uint64_t days) {
    ContractCall call;
    call.function = "extend";
    call.subscription = subscription;
    call.days = days;
    return send(payer, call);
}

std::string ChainDriver::cancel(const std::string& sender, const std::string& subscription) {
    ContractCall call;
    call.function = "cancel";
    call.subscription = subscription;
    return send(sender, call);
}

std::string ChainDriver::refund(const std::string& sender, const std::string& subscription) {
    ContractCall call;
    call.function = "refund";
    call.subscription = subscription;
    return send(sender, call);
}

std::string ChainDriver::transfer(const std::string& owner, const std::string& subscription, const std::string& to) {
    ContractCall call;
    call.function = "transfer";
    call.subscription = subscription;
    call.to = to;
    return send(owner, call);
}

std::string ChainDriver::claim(const std::string& who) {
    ContractCall call;
    call.function = "claim";
    return send(who, call);
}

std::string ChainDriver::send(const std::string& from, const ContractCall& call, bool first) {
    std::string hash;
    backend_.edit([&](ChainState& state) {
        const Transaction transaction = prepare(state, from, call);
        state.pool.insert(first ? state.pool.begin() : state.pool.end(), transaction);
        hash = transaction.hash;
    });
    return hash;
}

std::string ChainDriver::buy(const std::string& buyer, const std::string& plan, std::uint64_t days,
                             const Bytes& request) {
    const std::string hash = purchase(buyer, plan, days, request);
    mine();
    for (const ChainEvent& event : logs())
        if (event.tx == hash) return event.subscription;
    throw std::runtime_error{"the purchase was refused: " + why(hash)};
}

void ChainDriver::mine(std::uint32_t blocks) {
    backend_.edit([&](ChainState& state) { mem::mine(state, blocks); });
}
void ChainDriver::advance(std::uint64_t seconds) {
    backend_.edit([&](ChainState& state) { state.now += seconds; });
}
void ChainDriver::reorg(std::uint32_t depth, bool keep_transactions) {
    backend_.edit([&](ChainState& state) { mem::reorg(state, depth, keep_transactions); });
}
void ChainDriver::drop_pool() {
    backend_.edit([](ChainState& state) { state.pool.clear(); });
}
void ChainDriver::set_finality_lag(std::uint32_t blocks) {
    backend_.edit([&](ChainState& state) { state.finality_lag = blocks; });
}
void ChainDriver::set_blocks_per_poll(std::uint32_t blocks) {
    backend_.edit([&](ChainState& state) { state.blocks_per_poll = blocks; });
}
void ChainDriver::set_estimate(bool on) {
    backend_.edit([&](ChainState& state) { state.estimate = on ? 1 : 0; });
}

void ChainDriver::fail(const std::string& verb, bh_status status, std::uint32_t times) {
    Fault fault;
    fault.verb = verb;
    fault.times = times;
    fault.status = status;
    backend_.fail(fault);
}
void ChainDriver::lose_answer(const std::string& verb) {
    Fault fault;
    fault.verb = verb;
    fault.lost = true;
    backend_.fail(fault);
}
void ChainDriver::kill_around(const std::string& verb, const std::string& when) {
    Fault fault;
    fault.verb = verb;
    fault.kill = when;
    backend_.fail(fault);
}
std::uint32_t ChainDriver::calls(const std::string& verb) { return backend_.calls(verb); }

ChainState ChainDriver::state() { return backend_.look(); }
View ChainDriver::view() {
    const ChainState now = state();
    return view_at(now, mem::head(now).position.height);
}
Block ChainDriver::head() {
    const ChainState now = state();
    return block_of(mem::head(now));
}
std::optional<SubscriptionRow> ChainDriver::subscription(const std::string& id) {
    const View now = view();
    const SubscriptionRow* row = now.ledger.subscription(id);
    return row != nullptr ? std::optional{*row} : std::nullopt;
}
std::size_t ChainDriver::subscriptions() { return view().ledger.subscriptions(); }
Money ChainDriver::money() { return view().ledger.money(); }
std::map<std::string, std::uint64_t> ChainDriver::credits() { return view().ledger.credits(); }
std::size_t ChainDriver::waiting() { return state().pool.size(); }
std::vector<ChainEvent> ChainDriver::logs() { return view().logs; }
std::string ChainDriver::why(const std::string& transaction) {
    const View now = view();
    const auto mined = now.mined.find(transaction);
    return mined == now.mined.end() ? std::string{} : mined->second.why;
}

}  // namespace bh::mem
