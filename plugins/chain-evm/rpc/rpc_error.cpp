#include "plugins/chain-evm/rpc/json_rpc.hpp"

#include "plugin-api/crypto/bytes.hpp"

#include <algorithm>
#include <cctype>

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxText = 160;
constexpr std::size_t kMaxRevertBytes = 4096;

// anvil puts raw return data, NULs included, into its texts.
std::string sanitised(std::string text) {
    text.resize(std::min(text.size(), kMaxText));
    for (char& c : text) {
        if (c < 0x20 || c > 0x7e) c = '?';
    }
    return text;
}

Bytes revert_data_of(const json& data) {
    // Hex in "data" (anvil, Hardhat 3, Ganache), or in an object in it (Hardhat 2: data, Ganache: result).
    if (data.is_string()) {
        const std::string& text = data.get_ref<const std::string&>();
        if (!text.starts_with("0x") || text.size() > 2 * kMaxRevertBytes) return {};
        const auto bytes = crypto::parse_hex(text);
        return bytes ? *bytes : Bytes{};
    }
    if (data.is_object()) {
        for (const char* name : {"data", "result"}) {
            if (const auto inner = data.find(name); inner != data.end() && inner->is_string())
                return revert_data_of(*inner);
        }
    }
    return {};
}

bool contains_any(const std::string& text, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

RpcErrorKind kind_of(std::int64_t code, const std::string& text, bool has_data) {
    if (code == -32601) return RpcErrorKind::unknown_method;
    if (code == 3 || (has_data && (code == -32603 || code == -32000))) return RpcErrorKind::reverted;
    if (contains_any(text, {"revert", "vm exception"})) return RpcErrorKind::reverted;
    if (contains_any(text,
                     {"nonce too low", "nonce is too low", "nonce has already been used", "expected nonce to be"})) {
        return RpcErrorKind::nonce_too_low;
    }
    if (contains_any(text, {"already known", "already imported", "known transaction", "already exists"})) {
        return RpcErrorKind::already_known;
    }
    if (contains_any(text, {"underpriced", "fee too low to replace"})) return RpcErrorKind::underpriced;
    if (contains_any(text, {"insufficient funds", "enough funds", "insufficient balance", "doesn't have enough"})) {
        return RpcErrorKind::no_funds;
    }
    if (contains_any(text, {"unknown block", "header not found", "missing trie node", "block not found",
                            "state is not available", "state not available", "pruned", "not canonical",
                            "historical state", "could not find block", "no state available", "resource not found",
                            "outofrange", "does not exist"})) {
        return RpcErrorKind::no_state;
    }
    if (code == 429 || contains_any(text, {"rate limit", "too many requests", "requests per", "request limit",
                                           "per second", "daily"})) {
        return RpcErrorKind::rate_limited;
    }
    if (contains_any(text, {"more than", "too many", "range", "limit exceeded", "exceeds limit", "response size",
                            "too big", "too large", "query timeout"})) {
        return RpcErrorKind::too_many_logs;
    }
    if (code == -32005) return RpcErrorKind::rate_limited;
    if (code == -32004 || code == -32700) return RpcErrorKind::unknown_method;
    return RpcErrorKind::other;
}

}  // namespace

RpcError read_rpc_error(const json& error) {
    RpcError out;
    if (!error.is_object()) {
        out.text = "an error without text";
        return out;
    }
    if (const auto code = error.find("code"); code != error.end() && code->is_number_integer()) {
        out.code = code->get<std::int64_t>();
    }
    if (const auto text = error.find("message"); text != error.end() && text->is_string()) {
        out.text = sanitised(text->get<std::string>());
    }
    if (const auto data = error.find("data"); data != error.end()) out.revert_data = revert_data_of(*data);
    std::string lower = out.text;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.kind = kind_of(out.code, lower, !out.revert_data.empty());
    return out;
}

Failure RpcError::failure(std::string_view endpoint, std::string_view method) const {
    constexpr std::uint32_t kRateLimitPauseMs = 5000;
    const char* reason = "endpoint_error";
    std::uint32_t pause = 0;
    switch (kind) {
        case RpcErrorKind::reverted:
            reason = "reverted";
            break;
        case RpcErrorKind::unknown_method:
            reason = "method_missing";
            break;
        case RpcErrorKind::too_many_logs:
            reason = "too_many_logs";
            break;
        case RpcErrorKind::no_state:
            reason = "position_unknown";
            break;
        case RpcErrorKind::rate_limited:
            reason = "rate_limited", pause = kRateLimitPauseMs;
            break;
        default:
            break;
    }
    return {BH_E_UNAVAILABLE, reason,
            "the endpoint " + std::string{endpoint} + " refused " + std::string{method} + " (code " +
                std::to_string(code) + "): " + text,
            pause};
}

}  // namespace bh::evm
