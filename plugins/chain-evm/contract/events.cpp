#include "plugins/chain-evm/contract/events.hpp"

#include "plugins/chain-evm/abi/decode.hpp"
#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/contract/calls.hpp"

#include <utility>

namespace bh::evm {
namespace {

constexpr std::size_t kMaxResourcesBytes = 4096;
constexpr char kDelivered[] = "delivered", kDeclined[] = "declined", kRefunded[] = "refunded", kExtended[] = "extended",
               kCancelled[] = "cancelled", kClosed[] = "closed", kTimeCredited[] = "time_credited",
               kUpdated[] = "credential_updated", kBurned[] = "burned", kPlan[] = "plan", kOther[] = "other";

Result<ChainEvent> finish(ChainEvent event, const WordReader& topics, const WordReader& data) {
    if (const Status status = topics.status(); !status) return status.failure();
    if (const Status status = data.status(); !status) return status.failure();
    return event;
}

UnixTime time_at(WordReader& words, std::size_t index) { return {static_cast<std::int64_t>(words.u64(index))}; }

Result<ChainEvent> purchased(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    ChainEvent event;
    event.type = "purchased";
    event.subscription = topics.uint(0).decimal();
    event.plan = topics.uint(1).decimal();
    event.actor = topics.address(2).text();
    event.paid_seconds = data.u64(0);
    event.token = token_text(data.address(1));
    event.amount.units = data.uint(2).decimal();
    event.order = order_text(data.hash(3));
    event.data = data.bytes(4, kMaxSealedBytes);
    return finish(std::move(event), topics, data);
}

// Events that say no more than which subscription they are about.
template <const char* kType>
Result<ChainEvent> about_subscription(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    ChainEvent event;
    event.type = kType;
    event.subscription = topics.uint(0).decimal();
    return finish(std::move(event), topics, WordReader{log.data});
}

Amount amount_at(WordReader& words, std::size_t index) { return {words.uint(index).decimal()}; }

// Those that carry the new expiry in word `kWord`, and who did it in the second topic if `kActor`.
template <const char* kType, std::size_t kWord, bool kActor>
Result<ChainEvent> new_expiry(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    ChainEvent event;
    event.type = kType;
    event.subscription = topics.uint(0).decimal();
    if (kActor) event.actor = topics.address(1).text();
    event.expires_at = time_at(data, kWord);
    return finish(std::move(event), topics, data);
}

Result<ChainEvent> extended(const Log& log) {
    WordReader data{log.data};
    Result<ChainEvent> event = new_expiry<kExtended, 3, true>(log);
    if (!event) return event;
    event->paid_seconds = data.u64(0);
    event->token = token_text(data.address(1));
    event->amount = amount_at(data, 2);
    return finish(std::move(*event), data, data);
}

Result<ChainEvent> cancelled(const Log& log) {
    WordReader data{log.data};
    Result<ChainEvent> event = new_expiry<kCancelled, 3, true>(log);
    if (!event) return event;
    event->token = token_text(data.address(1));
    event->amount = amount_at(data, 2);
    return finish(std::move(*event), data, data);
}

// Declined and refunded: all of it back to the buyer.
template <const char* kType>
Result<ChainEvent> given_back(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    ChainEvent event;
    event.type = kType;
    event.subscription = topics.uint(0).decimal();
    event.actor = topics.address(1).text();
    event.token = token_text(data.address(0));
    event.amount = amount_at(data, 1);
    return finish(std::move(event), topics, data);
}

Result<ChainEvent> withdrawn(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    ChainEvent event;
    event.type = "withdrawn";
    event.token = token_text(topics.address(0));
    event.actor = topics.address(1).text();
    event.amount = amount_at(data, 0);
    return finish(std::move(event), topics, data);
}

Result<ChainEvent> claimed(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    ChainEvent event;
    event.type = "claimed";
    event.token = token_text(topics.address(0));
    event.actor = topics.address(1).text();
    event.owner = topics.address(2).text();
    event.amount = amount_at(data, 0);
    return finish(std::move(event), topics, data);
}

Result<ChainEvent> plan_created(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    WordReader data{log.data};
    ChainEvent event;
    event.type = "plan";
    event.plan = topics.uint(0).decimal();
    ChainEvent::PlanState state;
    state.resources = data.text(1, kMaxResourcesBytes);
    state.delivery_window_s = data.u64(2);
    state.grace_s = data.u64(3);
    state.setup_days = static_cast<std::uint32_t>(data.u64(4));
    state.agent = data.address(5).text();
    state.total = data.u64(6);
    state.active = true;  // as createPlan makes it
    event.plan_state = std::move(state);
    return finish(std::move(event), topics, data);
}

template <const char* kType>
Result<ChainEvent> about_plan(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    ChainEvent event;
    event.type = kType;
    event.plan = topics.uint(0).decimal();
    return finish(std::move(event), topics, WordReader{log.data});
}

Result<ChainEvent> transferred(const Log& log) {
    const Topics held{log};
    WordReader topics = held.reader();
    const Address from = topics.address(0);
    const Address to = topics.address(1);
    const Uint256 token = topics.uint(2);
    ChainEvent event;
    // Minting and burning have events of their own; token 0 is the operator's and belongs to no subscription.
    const bool hands_over = !from.is_zero() && !to.is_zero() && token != Uint256{};
    event.type = hands_over ? "transferred" : "other";
    event.subscription = token.decimal();
    event.actor = from.text();
    event.owner = to.text();
    return finish(std::move(event), topics, WordReader{log.data});
}

Result<ChainEvent> other(const Log&) {
    ChainEvent event;
    event.type = "other";
    return event;
}

}  // namespace

void EventCatalogue::add(std::map<Hash, Kind>& kinds, std::string_view signature, std::size_t indexed, Decoder decode) {
    kinds.emplace(signature_hash(signature), Kind{signature.substr(0, signature.find('(')), indexed + 1, decode});
}

EventCatalogue::EventCatalogue(const Address& contract, std::span<const EventKind> of_contract,
                               const Address& credential, std::span<const EventKind> of_credential)
    : contract_{contract}, credential_{credential} {
    for (const EventKind& kind : of_contract) add(of_contract_, kind.signature, kind.indexed, kind.decode);
    for (const EventKind& kind : of_credential) add(of_credential_, kind.signature, kind.indexed, kind.decode);
}

EventCatalogue::EventCatalogue(const Address& contract, const Address& credential)
    : contract_{contract}, credential_{credential} {
    auto& s = of_contract_;
    add(s, "SubscriptionPurchased(uint256,uint256,address,uint256,address,uint256,bytes32,bytes)", 3, purchased);
    add(s, "SubscriptionDelivered(uint256,uint256,bytes32)", 1, new_expiry<kDelivered, 0, false>);
    add(s, "Declined(uint256,address,address,uint256,string)", 2, given_back<kDeclined>);
    add(s, "Refunded(uint256,address,address,uint256)", 2, given_back<kRefunded>);
    add(s, "Extended(uint256,address,uint256,address,uint256,uint256)", 2, extended);
    add(s, "Cancelled(uint256,address,bool,address,uint256,uint256)", 2, cancelled);
    add(s, "Closed(uint256,uint256)", 1, new_expiry<kClosed, 0, false>);
    add(s, "TimeCredited(uint256,uint256,uint256,uint256)", 1, new_expiry<kTimeCredited, 2, false>);
    add(s, "CredentialUpdated(uint256,address)", 2, about_subscription<kUpdated>);
    add(s, "Burned(uint256)", 1, about_subscription<kBurned>);
    add(s, "PlanCreated(uint256,bytes32,string,uint256,uint256,uint256,address,uint256)", 1, plan_created);
    add(s, "PlanActiveChanged(uint256,bool)", 1, about_plan<kPlan>);
    add(s, "AgentChanged(uint256,address)", 2, about_plan<kPlan>);
    add(s, "CapacityChanged(uint256,uint256)", 1, about_plan<kPlan>);
    add(s, "PriceChanged(uint256,address,uint256)", 2, about_plan<kOther>);
    add(s, "TreasuryChanged(address)", 1, other);
    add(s, "ServerKeyChanged(bytes)", 0, other);
    add(s, "PurchasesPaused(bool)", 0, other);
    add(s, "Claimed(address,address,address,uint256)", 3, claimed);
    add(s, "Withdrawn(address,address,uint256)", 2, withdrawn);
    add(s, "OwnershipTransferStarted(address,address)", 2, other);
    add(s, "OwnershipTransferred(address,address)", 2, other);
    auto& c = of_credential_;
    add(c, "Transfer(address,address,uint256)", 3, transferred);
    add(c, "Approval(address,address,uint256)", 3, other);
    add(c, "ApprovalForAll(address,address,bool)", 2, other);
    add(c, "MetadataUpdate(uint256)", 0, other);
    add(c, "UpdateUser(uint256,address,uint64)", 2, other);
    add(c, "AdminSet(address)", 1, other);
}

Result<ChainEvent> EventCatalogue::decode(const Log& log) const {
    const bool from_contract = log.address == contract_;
    if (!from_contract && log.address != credential_) {
        return Failure{BH_E_UNAVAILABLE, "bad_log", "the endpoint gave a log of a contract that was not asked for"};
    }
    const std::map<Hash, Kind>& kinds = from_contract ? of_contract_ : of_credential_;
    const auto found = log.topics.empty() ? kinds.end() : kinds.find(log.topics.front());
    if (found == kinds.end()) return other(log);
    const Kind& kind = found->second;
    if (log.topics.size() != kind.topics) {
        return Failure{BH_E_UNAVAILABLE, "bad_log",
                       "the endpoint gave a log " + std::string{kind.name} + " with a wrong number of topics"};
    }
    Result<ChainEvent> event = kind.decode(log);
    if (!event) {
        Failure failure = event.failure().within("log " + std::string{kind.name});
        failure.reason = "bad_log";
        return failure;
    }
    event->name = kind.name;
    return event;
}

}  // namespace bh::evm
