#include "plugins/chain-evm/legacy/events.hpp"

#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/legacy/calls.hpp"

namespace bh::evm::legacy {
namespace {

constexpr std::string_view kMinted = "CredentialMinted(uint256,address)";

Result<ChainEvent> finish(ChainEvent event, const WordReader& topics, const WordReader& data) {
    if (const Status status = topics.status(); !status) return status.failure();
    if (const Status status = data.status(); !status) return status.failure();
    return event;
}

// Anybody may put any number of bytes there. More than a sealed request has are none: it can't be opened, which is
// found out, and no other event waits for it.
Bytes request_at(const Log& log, std::size_t index) {
    WordReader data{log.data};
    Bytes request = data.bytes(index, kMaxSealedBytes);
    return data.status() ? request : Bytes{};
}

Result<ChainEvent> created(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    ChainEvent event;
    event.type = "purchased";
    const Uint256 id = topics.uint(0);
    event.subscription = id.decimal();
    event.plan = topics.uint(1).decimal();
    event.actor = topics.address(2).text();
    event.expires_at = {clamped_time(data.uint(0))};
    event.amount.units = data.uint(1).decimal();
    event.token = token_text(data.address(2));
    event.order = order_text(order_of(log.tx, id));
    event.data = request_at(log, 3);
    return finish(std::move(event), topics, data);
}

Result<ChainEvent> extended(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    ChainEvent event;
    event.type = "extended";
    event.subscription = topics.uint(0).decimal();
    event.actor = topics.address(2).text();
    event.expires_at = {clamped_time(data.uint(0))};
    event.amount.units = data.uint(1).decimal();
    event.token = token_text(data.address(2));
    return finish(std::move(event), topics, data);
}

Result<ChainEvent> cancelled(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    ChainEvent event;
    event.type = "cancelled";
    event.subscription = topics.uint(0).decimal();
    event.actor = topics.address(2).text();
    return finish(std::move(event), topics, WordReader{log.data});
}

// What a VM of the plan gets is in the configuration.
ChainEvent plan_of(std::string id, bool active) {
    ChainEvent event;
    event.type = "plan";
    event.plan = std::move(id);
    event.plan_state = ChainEvent::PlanState{};
    event.plan_state->active = active;
    return event;
}

Result<ChainEvent> plan_created(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    return finish(plan_of(topics.uint(0).decimal(), true), topics, WordReader{log.data});
}

Result<ChainEvent> plan_updated(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    return finish(plan_of(topics.uint(0).decimal(), data.boolean(2)), topics, data);
}

Result<ChainEvent> withdrawn(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    ChainEvent event;
    event.type = "withdrawn";
    event.token = token_text(topics.address(0));
    event.actor = topics.address(1).text();
    event.amount.units = data.uint(0).decimal();
    return finish(std::move(event), topics, data);
}

Result<ChainEvent> minted(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    ChainEvent event;
    event.type = "delivered";
    event.subscription = topics.uint(0).decimal();
    return finish(std::move(event), topics, WordReader{log.data});
}

Result<ChainEvent> updated(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    ChainEvent event;
    event.type = "credential_updated";
    event.subscription = topics.uint(0).decimal();
    return finish(std::move(event), topics, WordReader{log.data});
}

Result<ChainEvent> transferred(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    const Address from = topics.address(0);
    const Address to = topics.address(1);
    ChainEvent event;
    const bool hands_over = !from.is_zero() && !to.is_zero();
    event.type = hands_over ? "transferred" : "other";
    if (hands_over) event.subscription = topics.uint(2).decimal();
    event.actor = from.text();
    event.owner = to.text();
    return finish(std::move(event), topics, WordReader{log.data});
}

Result<ChainEvent> other(const Log&) {
    ChainEvent event;
    event.type = "other";
    return event;
}

constexpr EventKind kOfContract[] = {
    {"SubscriptionCreated(uint256,uint256,address,uint256,uint256,address,bytes)", 3, created},
    {"SubscriptionExtended(uint256,uint256,address,uint256,uint256,address)", 3, extended},
    {"SubscriptionCancelled(uint256,uint256,address)", 3, cancelled},
    {"PlanCreated(uint256,string,uint256)", 1, plan_created},
    {"PlanUpdated(uint256,string,uint256,bool)", 1, plan_updated},
    {"PrimaryStablecoinSet(address,uint8)", 1, other},
    {"PaymentMethodAdded(uint256,address,address,address)", 1, other},
    {"PaymentMethodUpdated(uint256,bool)", 1, other},
    {"FundsWithdrawn(address,address,uint256)", 2, withdrawn},
    {"SlippageUpdated(uint256,uint256)", 0, other},
    {"MinLiquidityUpdated(uint256,uint256)", 0, other},
    {"OwnershipTransferred(address,address)", 2, other},
};
constexpr EventKind kOfCredential[] = {
    {kMinted, 2, minted},
    {"CredentialUpdated(uint256)", 1, updated},
    {"Transfer(address,address,uint256)", 3, transferred},
    {"Approval(address,address,uint256)", 3, other},
    {"ApprovalForAll(address,address,bool)", 2, other},
    {"OwnershipTransferred(address,address)", 2, other},
};

}  // namespace

EventCatalogue event_catalogue(const Address& contract, const Address& credential) {
    return {contract, kOfContract, credential, kOfCredential};
}

const Hash& minted_topic() {
    static const Hash topic = signature_hash(kMinted);
    return topic;
}

}  // namespace bh::evm::legacy
