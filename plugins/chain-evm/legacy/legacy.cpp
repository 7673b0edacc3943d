#include "plugins/chain-evm/legacy/legacy.hpp"

#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/legacy/calls.hpp"
#include "plugins/chain-evm/legacy/events.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;

UnixTime after(std::int64_t seconds, std::int64_t more) { return {seconds + more}; }

// Of what another program sold or delivered.
void not_ours(ChainEvent& event) {
    event.type = "other";
    event.subscription.clear();
}

}  // namespace

LegacyDeployment::LegacyDeployment(const Config& config, const Services& services, const Address& agent)
    : config_{config},
      agent_{agent},
      catalogue_{legacy::event_catalogue(config.contract, config.credential)},
      index_{services} {}

// What it can't: decline, refund, close, update, burn, set_capacity, credit_time, withdraw. Its money is the operator's
// from the purchase on, so there is no escrow, and who cancels is the operator alone.
void LegacyDeployment::describe(ChainDescription& out) const {
    out.capabilities = {"deliver", "extend", "transfer"};
    out.seal_formats = {"seal-1"};
}

Status LegacyDeployment::complete(Node& node, ChainEvent& event, const Log& log, const At& head) {
    (void)head;
    const bool before = log.block < config_.legacy->serve_from;
    if (event.type == "plan") {
        complete_plan(event);
    } else if (before && (event.type == "purchased" || event.type == "delivered")) {
        not_ours(event);
    } else if (event.type == "purchased") {
        event.paid_seconds =
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, event.expires_at.seconds - event.time.seconds));
        event.expires_at = {};
        const Result<Address> buyer = Address::parse(event.actor);
        if (!buyer) return buyer.failure();
        return index_.add(event.subscription,
                          legacy::Purchase{legacy::Place::of(log.block, log.block_hash), event.order, *buyer});
    } else if (event.type == "delivered") {
        return complete_mint(node, event, log);
    } else if (event.type == "transferred" || event.type == "credential_updated") {
        return complete_token(node, event, log);
    }
    return {};
}

// A plan that the configuration does not know has no resources: what is bought of it can't be served.
void LegacyDeployment::complete_plan(ChainEvent& event) const {
    ChainEvent::PlanState& state = *event.plan_state;
    const auto known = config_.legacy->plans.find(event.plan);
    if (known != config_.legacy->plans.end()) state.resources = known->second;
    state.grace_s = static_cast<std::uint64_t>(config_.legacy->grace_days * kDaySeconds);
    state.agent = agent_.text();
    state.total = UINT32_MAX;  // the contract limits nothing
}

Status LegacyDeployment::complete_mint(Node& node, ChainEvent& event, const Log& log) {
    const std::string credential = event.subscription;
    const Hash hashes[] = {log.tx};
    const Result<std::vector<Bytes>> inputs = node.inputs(hashes);
    if (!inputs) return inputs.failure();
    const std::optional<legacy::MintMark> mark = legacy::read_mark(inputs->front());
    if (!mark) {
        not_ours(event);
        return {};
    }
    event.subscription = mark->subscription;
    return index_.add(mark->subscription,
                      legacy::Mint{legacy::Place::of(log.block, log.block_hash), mark->order, credential});
}

Status LegacyDeployment::complete_token(Node& node, ChainEvent& event, const Log& log) {
    const Result<std::vector<legacy::Token>> tokens = index_.tokens(event.subscription);
    if (!tokens) return tokens.failure();
    const Result<std::optional<legacy::Token>> token = legacy::on_branch(node, *tokens, {log.block_hash, log.block});
    if (!token) return token.failure();
    if (*token) {
        event.subscription = (*token)->subscription;
    } else {
        not_ours(event);
    }
    return {};
}

Result<SubscriptionState> LegacyDeployment::subscription(Reader& reader, std::string_view id, const At& at) {
    const Result<Uint256> number = parse_id(id, "subscription");
    if (!number) return number.failure();
    const std::string name = number->decimal();
    const Result<std::vector<legacy::Purchase>> purchases = index_.purchases(name);
    if (!purchases) return purchases.failure();
    const Result<std::vector<legacy::Mint>> mints = index_.mints(name);
    if (!mints) return mints.failure();
    const Result<std::optional<legacy::Purchase>> purchase = legacy::on_branch(reader.node(), *purchases, at);
    if (!purchase) return purchase.failure();
    std::vector<legacy::Mint> own;
    std::ranges::copy_if(*mints, std::back_inserter(own),
                         [&](const legacy::Mint& mint) { return *purchase && mint.order == (*purchase)->order; });
    const Result<std::optional<legacy::Mint>> mint = legacy::on_branch(reader.node(), own, at);
    if (!mint) return mint.failure();

    std::vector<Node::Call> calls{{config_.contract, legacy::view::subscription(*number)}};
    if (*mint) {
        const Result<Uint256> token = parse_id((*mint)->credential, "credential");
        if (!token) return token.failure();
        calls.push_back({config_.credential, view::owner_of(*token)});
    }
    const Result<Node::CallsAnswer> answer = reader.node().calls_at(calls, at.hash, at.height);
    if (!answer) return answer.failure();
    SubscriptionState out;
    out.position = to_block(answer->header).position;
    out.time = to_block(answer->header).time;
    out.subscription = name;
    if (answer->results[0].reverted) return out;  // SubscriptionNotFound
    const Result<legacy::SubscriptionView> said = legacy::decode_subscription(answer->results[0].data);
    if (!said) return said.failure();
    if (!said->exists) return out;
    if (!*purchase) {
        constexpr std::uint32_t kPauseMs = 1000;
        return Failure{BH_E_UNAVAILABLE, "not_polled", "the purchase of subscription " + name + " is not read yet",
                       kPauseMs};
    }
    out.exists = true;
    out.plan = said->plan;
    out.order = (*purchase)->order;
    out.recipient = (*purchase)->buyer.text();
    out.delivered = mint->has_value();
    out.cancelled = said->cancelled;
    if (!out.delivered) {
        out.declined = said->cancelled;  // the operator took it back before anything was delivered
        return out;
    }
    // It is the operator's own word, and the contract takes no more extensions then.
    out.cancelled_by_owner = said->cancelled;
    out.expires_at = {said->expires_at};
    out.grace_ends = after(said->expires_at, config_.legacy->grace_days * kDaySeconds);
    if (!answer->results[1].reverted) {
        const Result<Address> owner = decode_address(answer->results[1].data);
        if (!owner) return owner.failure();
        out.owner = owner->text();
    }
    return out;
}

Result<OwnerAnswer> LegacyDeployment::owner_of(Reader& reader, std::string_view credential, const At& at) {
    const Result<SubscriptionState> state = subscription(reader, credential, at);
    if (!state) return state.failure();
    OwnerAnswer out;
    out.position = state->position;
    out.exists = !state->owner.empty();
    out.owner = state->owner;
    return out;
}

Result<Balances> LegacyDeployment::balances(Reader&, std::string_view account, const At&) {
    return Failure{BH_E_UNSUPPORTED, "no_such_account",
                   "this contract keeps no books, so nothing is told of its " + std::string{account}, 0};
}

}  // namespace bh::evm
