#include "plugins/chain-evm/proof/consensus.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/rpc/node_json.hpp"
#include "plugins/chain-evm/tx/rlp.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr std::uint64_t kDeposit = 0x7e;

// Appends members of one object; after the first that is missing or malformed it is not ok.
class Encoder {
public:
    explicit Encoder(const json& object) : object_{object} {}

    Encoder& uint(const char* name) { return add(read_uint(member(object_, name))); }
    Encoder& data(const char* name) { return add(read_data(member(object_, name))); }
    // An address, or nothing: "to" of a contract's creation.
    Encoder& receiver(const char* name) {
        const json& node = member(object_, name);
        if (node.is_null()) return add(std::optional{Bytes{}});
        return fixed(node, 20);
    }
    Encoder& sized(const char* name, std::size_t size) { return fixed(member(object_, name), size); }
    Encoder& flag(const char* name) {
        const json& node = member(object_, name);
        return add(std::optional{Uint256{node.is_boolean() && node.get<bool>() ? 1U : 0U}});
    }
    // Null in OP-stack deposits that mint nothing.
    Encoder& uint_or_zero(const char* name) {
        return member(object_, name).is_null() ? add(std::optional{Uint256{}}) : uint(name);
    }
    Encoder& parity() {
        const json& parity = member(object_, "yParity");
        return add(read_uint(parity.is_null() ? member(object_, "v") : parity));
    }
    Encoder& item(const std::optional<Bytes>& rlp) {
        if (rlp) {
            list_.encoded(*rlp);
        } else {
            ok_ = false;
        }
        return *this;
    }
    // A list whose items `encode` makes.
    template <class F>
    Encoder& list(const char* name, F&& encode) {
        const json& items = member(object_, name);
        if (!items.is_array()) return item(std::nullopt);
        RlpList out;
        for (const json& entry : items) {
            const std::optional<Bytes> rlp = encode(entry);
            if (!rlp) return item(std::nullopt);
            out.encoded(*rlp);
        }
        return item(out.finish());
    }
    [[nodiscard]] std::optional<Bytes> finish() const {
        if (!ok_) return std::nullopt;
        return list_.finish();
    }

private:
    Encoder& add(const std::optional<Uint256>& value) {
        if (value) list_.uint(*value);
        ok_ = ok_ && value.has_value();
        return *this;
    }
    Encoder& add(const std::optional<Bytes>& value) {
        if (value) list_.bytes(*value);
        ok_ = ok_ && value.has_value();
        return *this;
    }
    Encoder& fixed(const json& node, std::size_t size) {
        std::optional<Bytes> bytes = read_data(node);
        if (bytes && bytes->size() != size) bytes.reset();
        return add(bytes);
    }

    const json& object_;
    RlpList list_;
    bool ok_ = true;
};

std::optional<Bytes> hash_item(const json& node) {
    const auto hash = read_hash(node);
    if (!hash) return std::nullopt;
    return rlp_string(hash->bytes);
}

std::optional<Bytes> access(const json& entry) {
    return Encoder{entry}.sized("address", 20).list("storageKeys", hash_item).finish();
}

std::optional<Bytes> authorization(const json& entry) {
    return Encoder{entry}.uint("chainId").sized("address", 20).uint("nonce").parity().uint("r").uint("s").finish();
}

std::optional<Bytes> with_type(std::uint64_t type, const std::optional<Bytes>& payload) {
    if (!payload) return std::nullopt;
    if (type == 0) return payload;
    Bytes out{static_cast<std::uint8_t>(type)};
    crypto::append(out, *payload);
    return out;
}

std::optional<std::uint64_t> type_of(const json& object) {
    const json& type = member(object, "type");
    return type.is_null() ? std::optional<std::uint64_t>{0} : read_u64(type);
}

}  // namespace

std::optional<Hash> header_hash(const json& block) {
    Encoder out{block};
    out.sized("parentHash", 32).sized("sha3Uncles", 32).sized("miner", 20).sized("stateRoot", 32);
    out.sized("transactionsRoot", 32).sized("receiptsRoot", 32).sized("logsBloom", 256).uint("difficulty");
    out.uint("number").uint("gasLimit").uint("gasUsed").uint("timestamp").data("extraData").sized("mixHash", 32);
    out.sized("nonce", 8);
    // Each fork appended its own; what a header has ends with the first that is missing.
    struct Later {
        const char* name;
        bool number;
    };
    constexpr Later kLater[] = {{"baseFeePerGas", true},
                                {"withdrawalsRoot", false},
                                {"blobGasUsed", true},
                                {"excessBlobGas", true},
                                {"parentBeaconBlockRoot", false},
                                {"requestsHash", false},
                                {"blockAccessListHash", false},
                                {"slotNumber", true}};
    for (const Later& field : kLater) {
        if (member(block, field.name).is_null()) break;
        if (field.number) {
            out.uint(field.name);
        } else {
            out.sized(field.name, 32);
        }
    }
    const std::optional<Bytes> rlp = out.finish();
    if (!rlp) return std::nullopt;
    return Hash{crypto::keccak256(*rlp)};
}

std::optional<Bytes> transaction_bytes(const json& tx) {
    const auto type = type_of(tx);
    if (!type) return std::nullopt;
    Encoder out{tx};
    if (*type == kDeposit) {
        out.sized("sourceHash", 32).sized("from", 20).receiver("to").uint_or_zero("mint").uint("value").uint("gas");
        return with_type(*type, out.flag("isSystemTx").data("input").finish());
    }
    if (*type > 4) return std::nullopt;
    if (*type > 0) out.uint("chainId");
    out.uint("nonce");
    if (*type > 1) {
        out.uint("maxPriorityFeePerGas").uint("maxFeePerGas");
    } else {
        out.uint("gasPrice");
    }
    out.uint("gas").receiver("to").uint("value").data("input");
    if (*type == 0) return with_type(0, out.uint("v").uint("r").uint("s").finish());
    out.list("accessList", access);
    if (*type == 3) out.uint("maxFeePerBlobGas").list("blobVersionedHashes", hash_item);
    if (*type == 4) out.list("authorizationList", authorization);
    return with_type(*type, out.parity().uint("r").uint("s").finish());
}

std::optional<Bytes> receipt_bytes(const json& receipt) {
    const auto type = type_of(receipt);
    if (!type || (*type > 4 && *type != kDeposit)) return std::nullopt;
    Bloom bloom{};
    const json& logs = member(receipt, "logs");
    if (!logs.is_array()) return std::nullopt;
    for (const json& item : logs) {
        const auto log = read_log(item);
        if (!log) return std::nullopt;
        add_to(bloom, *log);
    }
    Encoder out{receipt};
    if (member(receipt, "status").is_null()) {
        out.sized("root", 32);  // before Byzantium
    } else {
        out.uint("status");
    }
    out.uint("cumulativeGasUsed").item(rlp_string(bloom));
    out.list("logs", [](const json& item) {
        return Encoder{item}.sized("address", 20).list("topics", hash_item).data("data").finish();
    });
    if (*type == kDeposit && !member(receipt, "depositReceiptVersion").is_null()) {  // since Canyon
        out.uint("depositNonce").uint("depositReceiptVersion");
    }
    return with_type(*type, out.finish());
}

}  // namespace bh::evm
