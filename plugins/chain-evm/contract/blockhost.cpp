#include "plugins/chain-evm/contract/blockhost.hpp"

#include "plugin-api/documents/strict_json.hpp"
#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/tx/effect.hpp"

namespace bh::evm {
namespace {

constexpr std::size_t kMaxResourcesBytes = 4096;

// Nobody but the operator writes this text, yet what is no JSON must not keep other events from being reported.
void make_usable(std::string& resources) {
    if (!read_strict_json(resources)) resources.clear();
}

}  // namespace

BlockhostDeployment::BlockhostDeployment(const Config& config)
    : config_{config}, catalogue_{config.contract, config.credential} {}

void BlockhostDeployment::describe(ChainDescription& out) const {
    out.capabilities = {"deliver", "decline", "refund",       "cancel",      "close",    "extend",
                        "update",  "burn",    "set_capacity", "credit_time", "withdraw", "transfer"};
    if (config_.split) out.capabilities.emplace_back(kRelease);
    out.seal_formats = {"seal-1", "seal-2"};
    // Where withdrawals go is the contract's to say, and may change.
    out.accounts = {{"escrow", config_.contract.text()}, {"treasury", ""}};
}

Status BlockhostDeployment::complete(Node& node, ChainEvent& event, const Log& log, const At& head) {
    if (event.type != "plan") return {};
    if (event.plan_state) {
        make_usable(event.plan_state->resources);
        return {};
    }
    const Uint256 id = *Uint256::from_decimal(event.plan);
    const Node::Call calls[] = {{config_.contract, view::plan(id)}, {config_.contract, view::resources(id)}};
    Result<Node::CallsAnswer> answer = node.calls_at(calls, log.block_hash, log.block);
    if (!answer && answer.failure().reason == "position_unknown") {
        // The state of that block is pruned: the plan as it is now has all later changes in it as well.
        answer = node.calls_at(calls, head.hash, head.height);
    }
    if (!answer) return answer.failure();
    if (answer->results[0].reverted || answer->results[1].reverted) {
        return Failure{BH_E_UNAVAILABLE, "bad_contract", "the contract refuses to tell about plan " + event.plan, 0};
    }
    const Result<PlanView> plan = decode_plan(answer->results[0].data);
    if (!plan) return plan.failure();
    Result<std::string> resources = decode_text(answer->results[1].data, kMaxResourcesBytes);
    if (!resources) return resources.failure();
    event.plan_state = plan->state;
    event.plan_state->resources = std::move(*resources);
    make_usable(event.plan_state->resources);
    return {};
}

Result<SubscriptionState> BlockhostDeployment::subscription(Reader& reader, std::string_view id, const At& at) {
    Result<SubscriptionView> view = reader.subscription(id, at);
    if (!view) return view.failure();
    return std::move(view->state);
}

Result<OwnerAnswer> BlockhostDeployment::owner_of(Reader& reader, std::string_view credential, const At& at) {
    return reader.owner_of(credential, at);
}

Result<Balances> BlockhostDeployment::balances(Reader& reader, std::string_view account, const At& at) {
    return account == "escrow" ? reader.escrow(at) : reader.treasury(at);
}

Result<Target> BlockhostDeployment::target(const Intent& intent) {
    const bool release = intent.action == kRelease;
    if (release && !config_.split) {
        return Failure{BH_E_UNSUPPORTED, "no_split",
                       "this instance has no \"split\": deploy one (blockhost-evm-operator deploy-split), make it the "
                       "contract's treasury, and name it in plugins.d",
                       0};
    }
    Result<Bytes> data = encode_intent(intent);
    if (!data) return data.failure();
    return Target{release ? *config_.split : config_.contract, std::move(*data)};
}

Result<Effect> BlockhostDeployment::effect(Reader& reader, const Intent& intent, const At& at) {
    const Result<bool> there = effect_is_there(reader, intent, at);
    if (!there) return there.failure();
    return Effect{*there, "", 0};
}

}  // namespace bh::evm
