#include "plugins/chain-evm/contract/calls.hpp"

#include "plugins/chain-evm/abi/encode.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

Failure bad_intent(std::string_view field, std::string_view what) {
    return invalid("bad_intent", "intent /" + std::string{field} + ": " + std::string{what});
}

Result<Bytes> deliver(const Intent& intent, const Uint256& id) {
    const Result<Hash> order = parse_order(intent.order);
    if (!order) return order.failure();
    if (intent.deadline.seconds <= 0) return bad_intent("deadline", "must be a time after 1970");
    if (intent.sealed.empty() || intent.sealed.size() > kMaxSealedBytes) {
        return bad_intent("sealed", "must be 1 to 1024 bytes");
    }
    Hash attestation;
    if (intent.attestation_hash.size() != attestation.bytes.size()) {
        return bad_intent("attestation_hash", "must be 32 bytes");
    }
    std::ranges::copy(intent.attestation_hash, attestation.bytes.begin());
    return CallEncoder{"deliver(uint256,bytes32,uint256,bytes,bytes32)"}
        .uint(id)
        .hash(*order)
        .uint(static_cast<std::uint64_t>(intent.deadline.seconds))
        .bytes(intent.sealed)
        .hash(attestation)
        .finish();
}

Result<Bytes> decline(const Intent& intent, const Uint256& id) {
    const Result<Hash> order = parse_order(intent.order);
    if (!order) return order.failure();
    if (intent.reason.size() > kMaxReasonBytes) return bad_intent("reason", "must be at most 64 bytes");
    return CallEncoder{"decline(uint256,bytes32,string)"}
        .uint(id)
        .hash(*order)
        .bytes(crypto::bytes_of(intent.reason))
        .finish();
}

Result<Bytes> update(const Intent& intent, const Uint256& id) {
    const Result<Address> owner = Address::parse(intent.owner);
    if (!owner) return owner.failure().within("intent /owner");
    if (intent.sealed.empty() || intent.sealed.size() > kMaxSealedBytes) {
        return bad_intent("sealed", "must be 1 to 1024 bytes");
    }
    return CallEncoder{"update(uint256,address,bytes)"}.uint(id).address(*owner).bytes(intent.sealed).finish();
}

Result<Bytes> credit_time(const Intent& intent, const Uint256& id) {
    if (intent.from.seconds <= 0 || intent.until <= intent.from) {
        return bad_intent("until", "must be a time after /from");
    }
    return CallEncoder{"creditTime(uint256,uint256,uint256)"}
        .uint(id)
        .uint(static_cast<std::uint64_t>(intent.from.seconds))
        .uint(static_cast<std::uint64_t>(intent.until.seconds))
        .finish();
}

Result<Bytes> set_capacity(const Intent& intent) {
    const Result<Uint256> plan = parse_id(intent.plan, "intent /plan");
    if (!plan) return plan.failure();
    return CallEncoder{"setCapacity(uint256,uint256)"}.uint(*plan).uint(intent.total).finish();
}

Result<Bytes> withdraw(const Intent& intent) {
    const Result<Address> token = parse_token(intent.token);
    if (!token) return token.failure().within("intent /token");
    if (intent.subscriptions.size() > kMaxWithdrawIds) {
        return bad_intent("subscriptions", "must be at most 256 ids; use several withdrawals");
    }
    std::vector<Uint256> ids;
    for (const std::string& text : intent.subscriptions) {
        const Result<Uint256> id = parse_id(text, "intent /subscriptions");
        if (!id) return id.failure();
        ids.push_back(*id);
    }
    return CallEncoder{"withdraw(address,uint256[])"}.address(*token).uints(ids).finish();
}

Result<Bytes> release(const Intent& intent) {
    const Result<Address> token = parse_token(intent.token);
    if (!token) return token.failure().within("intent /token");
    const Result<Address> owner = Address::parse(intent.owner);
    if (!owner) return owner.failure().within("intent /owner");
    return CallEncoder{"release(address,address)"}.address(*token).address(*owner).finish();
}

}  // namespace

const std::vector<std::string>& intent_actions() {
    static const std::vector<std::string> actions{"deliver",      "decline",     "close",    "update", "burn",
                                                  "set_capacity", "credit_time", "withdraw", "release"};
    return actions;
}

Result<Uint256> parse_id(std::string_view text, std::string_view field) {
    const auto id = Uint256::from_decimal(text);
    if (!id) return invalid("bad_id", std::string{field} + ": must be a decimal number");
    return *id;
}

Result<Hash> parse_order(std::string_view text) {
    const auto bytes = crypto::parse_hex(text);
    Hash order;
    if (!bytes || (bytes->size() != kOrderBytes && bytes->size() != order.bytes.size())) {
        return invalid("bad_order", "the order must be 0x and the hex of 16 or 32 bytes");
    }
    std::copy_n(bytes->begin(), kOrderBytes, order.bytes.begin());
    return order;
}

std::string order_text(const Hash& order) { return crypto::hex0x(ByteView{order.bytes}.first(kOrderBytes)); }

Result<Bytes> encode_intent(const Intent& intent) {
    if (intent.action == "set_capacity") return set_capacity(intent);
    if (intent.action == "withdraw") return withdraw(intent);
    if (intent.action == kRelease) return release(intent);
    if (std::ranges::find(intent_actions(), intent.action) == intent_actions().end()) {
        return Failure{BH_E_UNSUPPORTED, "unknown_action", "intent /action: the contract has no such function"};
    }
    const Result<Uint256> id = parse_id(intent.subscription, "intent /subscription");
    if (!id) return id.failure();
    if (intent.action == "deliver") return deliver(intent, *id);
    if (intent.action == "decline") return decline(intent, *id);
    if (intent.action == "update") return update(intent, *id);
    if (intent.action == "credit_time") return credit_time(intent, *id);
    return CallEncoder{intent.action + "(uint256)"}.uint(*id).finish();  // close, burn
}

namespace view {

Bytes subscription(const Uint256& id) { return CallEncoder{"subscription(uint256)"}.uint(id).finish(); }
Bytes plan(const Uint256& id) { return CallEncoder{"plan(uint256)"}.uint(id).finish(); }
Bytes resources(const Uint256& plan) { return CallEncoder{"resources(uint256)"}.uint(plan).finish(); }
Bytes treasury() { return CallEncoder{"treasury()"}.finish(); }
Bytes shares(const Address& token) { return CallEncoder{"shares(address)"}.address(token).finish(); }
Bytes money(const Address& token) { return CallEncoder{"money(address)"}.address(token).finish(); }
Bytes credential() { return CallEncoder{"credential()"}.finish(); }
Bytes subscriptions() { return CallEncoder{"subscriptions()"}.finish(); }
Bytes owner_of(const Uint256& token) { return CallEncoder{"ownerOf(uint256)"}.uint(token).finish(); }
Bytes user_of(const Uint256& token) { return CallEncoder{"userOf(uint256)"}.uint(token).finish(); }
Bytes last_plan_id() { return CallEncoder{"lastPlanId()"}.finish(); }
Bytes balance_of(const Address& holder) { return CallEncoder{"balanceOf(address)"}.address(holder).finish(); }
Bytes sealed_of(const Uint256& token) { return CallEncoder{"getUserEncrypted(uint256)"}.uint(token).finish(); }

}  // namespace view
}  // namespace bh::evm
