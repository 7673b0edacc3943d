#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/documents/strict_json.hpp"
#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/tools/operator.hpp"
#include "plugins/chain-evm/tools/pinned.hpp"
#include "plugins/chain-evm/tx/rlp.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr std::size_t kServerKeyBytes = 65;
constexpr std::size_t kMaxResourcesBytes = 4096;

// Constructors have no selector.
void append_arguments(Bytes& code, const CallEncoder& arguments) {
    const Bytes data = arguments.finish();
    crypto::append(code, ByteView{data}.subspan(4));
}

// Of what `account` creates by the transaction of this nonce.
Address created(const Address& account, std::uint64_t nonce) {
    const auto hash = crypto::keccak256(RlpList{}.bytes(account.bytes).uint(nonce).finish());
    Address out;
    std::copy(hash.begin() + 12, hash.end(), out.bytes.begin());
    return out;
}

Status check_server_key(const Bytes& key) {
    if (key.empty() || (key.size() == kServerKeyBytes && key.front() == 0x04)) return {};
    return invalid("bad_server_key", "the server key must be 65 bytes that begin with 04");
}

}  // namespace

Result<DeploymentCalls> deployment_calls(const Deployment& deployment, std::uint64_t nonce) {
    if (const Status status = check_server_key(deployment.server_key); !status) return status.failure();
    Result<Bytes> credential = crypto::parse_hex(std::string{kAccessCredential.creation});
    if (!credential) return credential.failure();
    Result<Bytes> contract = crypto::parse_hex(std::string{kSubscriptionContract.creation});
    if (!contract) return contract.failure();
    const Address& account = deployment.operator_account;
    DeploymentCalls out{{}, created(account, nonce + 1), created(account, nonce)};
    append_arguments(*credential, CallEncoder{"constructor(address)"}.address(out.contract));
    append_arguments(*contract, CallEncoder{"constructor(address,address,address,uint256,bytes)"}
                                    .address(deployment.operator_account)
                                    .address(deployment.treasury)
                                    .address(out.credential)
                                    .uint(deployment.min_grace)
                                    .bytes(deployment.server_key));
    out.calls = {{"deploy AccessCredentialNFT", std::nullopt, std::move(*credential)},
                 {"deploy BlockHostSubscription", std::nullopt, std::move(*contract)}};
    return out;
}

Result<OperatorCall> create_plan_call(const Address& contract, const NewPlan& plan) {
    const Result<json> resources = read_strict_json(plan.resources);
    if (!resources || !resources->is_object()) return invalid("bad_resources", "resources must be a JSON object");
    const std::string canonical = resources->dump();
    if (canonical.size() > kMaxResourcesBytes) return invalid("bad_resources", "resources must be at most 4096 bytes");
    if (plan.prices.empty()) return invalid("no_price", "a plan needs a price in at least one token");
    std::vector<Address> tokens;
    std::vector<Uint256> prices;
    for (const auto& [token, price] : plan.prices) {
        const Result<Address> address = token == "native" ? Result<Address>{Address{}} : Address::parse(token);
        if (!address) return address.failure().within("price");
        const auto amount = Uint256::from_decimal(price);
        if (!amount) return invalid("bad_price", "a price is a decimal number of the token's smallest unit");
        tokens.push_back(*address);
        prices.push_back(*amount);
    }
    return OperatorCall{"create a plan", contract,
                        CallEncoder{"createPlan(string,uint256,uint256,uint256,address,uint256,address[],uint256[])"}
                            .bytes(crypto::bytes_of(canonical))
                            .uint(plan.window_s)
                            .uint(plan.grace_s)
                            .uint(plan.setup_days)
                            .address(plan.agent)
                            .uint(plan.capacity)
                            .addresses(tokens)
                            .uints(prices)
                            .finish()};
}

Result<OperatorCall> server_key_call(const Address& contract, const Bytes& server_key) {
    if (server_key.empty()) return invalid("bad_server_key", "a server key is needed");
    if (const Status status = check_server_key(server_key); !status) return status.failure();
    return OperatorCall{"publish the server key", contract,
                        CallEncoder{"setServerKey(bytes)"}.bytes(server_key).finish()};
}

Result<SplitCalls> split_calls(const std::vector<std::string>& shares, const std::optional<Address>& contract,
                               const Address& operator_account, std::uint64_t nonce) {
    constexpr std::uint64_t kWhole = 10'000;
    std::vector<Address> owners;
    std::vector<Uint256> points;
    std::uint64_t sum = 0;
    for (const std::string& text : shares) {
        const std::size_t equals = text.find('=');
        const auto share = equals == std::string::npos ? std::nullopt : Uint256::from_decimal(text.substr(equals + 1));
        const std::uint64_t part = share ? share->as_u64().value_or(0) : 0;
        if (part == 0 || part > kWhole) {
            return invalid("bad_share", "--share must be ADDRESS=BASIS_POINTS, such as 0x...=2500 for a quarter");
        }
        const Result<Address> owner = Address::parse(text.substr(0, equals));
        if (!owner) return owner.failure().within("--share");
        if (owner->is_zero() || std::ranges::find(owners, *owner) != owners.end()) {
            return invalid("bad_share", "--share: " + owner->text() + " is the zero address or there twice");
        }
        owners.push_back(*owner);
        points.push_back(*share);
        sum += part;
    }
    if (owners.size() > kMaxShares) {
        return invalid("bad_share", "--share: at most " + std::to_string(kMaxShares) + " owners");
    }
    if (sum != kWhole) {
        return invalid("bad_share", "the shares add up to " + std::to_string(sum) + " basis points, not to 10000");
    }
    Result<Bytes> code = crypto::parse_hex(std::string{kRevenueSplit.creation});
    if (!code) return code.failure();
    append_arguments(*code, CallEncoder{"constructor(address[],uint256[])"}.addresses(owners).uints(points));
    SplitCalls out{{{"deploy RevenueSplit", std::nullopt, std::move(*code)}}, created(operator_account, nonce)};
    if (contract) {
        out.calls.push_back(
            {"make it the treasury", *contract, CallEncoder{"setTreasury(address)"}.address(out.split).finish()});
    }
    return out;
}

std::string unsigned_calls(std::uint64_t chain_id, const Address& from, const std::vector<OperatorCall>& calls) {
    json list = json::array();
    for (const OperatorCall& call : calls) {
        json tx{{"from", from.text()},
                {"value", "0x0"},
                {"data", crypto::hex0x(call.data)},
                {"chainId", quantity(chain_id)}};
        if (call.to) tx["to"] = call.to->text();
        list.push_back({{"what", call.what}, {"transaction", std::move(tx)}});
    }
    return list.dump();
}

}  // namespace bh::evm
