#include "kernel/signer/intent.hpp"

#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/documents/strict_json.hpp"
#include "plugin-api/formats/rules.hpp"

#include <algorithm>
#include <array>

namespace bh::signer {

namespace {

using nlohmann::json;

constexpr std::string_view kDomain{"org.blockhost.bh-intent-1", 26};  // with the zero byte behind it
constexpr int kMaxLevels = 8;
constexpr std::size_t kMaxMemberName = 64;
constexpr std::array<const char*, 7> kMembers{"args", "chain", "contract", "fee", "function", "nonce", "value"};

Failure bad(const std::string& where, const std::string& what) {
    return invalid("bad_intent", "the intent's " + where + " " + what + "; see bh-intent-1.md");
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_member_name(const std::string& name) {
    return !name.empty() && name.size() <= kMaxMemberName && is_letter(name[0]) &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

// Characters that encoders in wide use write in more than one way, and U+0000 to U+001F.
bool has_forbidden(const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }) ||
           text.find("\xE2\x80\xA8") != std::string::npos || text.find("\xE2\x80\xA9") != std::string::npos;
}

Status check_value(const json& value, const std::string& where, int level) {
    if (value.is_boolean()) return {};
    if (value.is_string()) {
        if (has_forbidden(value.get_ref<const std::string&>())) return bad(where, "holds a control character");
        return {};
    }
    if (!value.is_structured()) return bad(where, "must be a string, true, false, an array or an object");
    if (level > kMaxLevels) return bad(where, "is nested deeper than " + std::to_string(kMaxLevels) + " levels");
    std::size_t index = 0;
    for (const auto& [name, item] : value.items()) {
        if (value.is_object() && !is_member_name(name)) {
            return bad(where, "has a member whose name is not 1 to 64 of A-Z, a-z, 0-9 and _");
        }
        const std::string inner = where + "." + (value.is_object() ? name : std::to_string(index++));
        if (auto fine = check_value(item, inner, level + 1); !fine) return fine.failure();
    }
    return {};
}

Result<Wei> amount(const json& whole, const char* name) {
    const auto parsed = parse_wei(whole[name].get_ref<const std::string&>());
    if (!parsed) return bad(name, "must be decimal digits below 2^128 in quotes");
    return *parsed;
}

Status check_members(const json& whole) {
    if (!whole.is_object()) return bad("text", "must be an object");
    for (const char* name : kMembers) {
        const auto found = whole.find(name);
        if (found == whole.end()) return bad(name, "is missing");
        const bool right = std::string_view{name} == "args" ? found->is_object() : found->is_string();
        if (!right) return bad(name, std::string_view{name} == "args" ? "must be an object" : "must be a string");
    }
    if (whole.size() != kMembers.size()) return bad("text", "has a member besides the seven");
    return {};
}

}  // namespace

bool is_caip2(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const auto name = text.substr(0, colon), reference = text.substr(colon + 1);
    const auto lower = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; };
    return name.size() >= 3 && name.size() <= 8 && !reference.empty() && reference.size() <= 32 &&
           std::all_of(name.begin(), name.end(), lower) && std::all_of(reference.begin(), reference.end(), [](char c) {
               return is_letter(c) || is_digit(c) || c == '-';
           });
}

bool is_plain(std::string_view text, std::size_t max) {
    return formats::is_word(text, max) && text.find_first_of("\"\\") == std::string_view::npos;
}

Result<Intent> decode_intent(crypto::ByteView payload) {
    if (payload.size() > kMaxIntent) return bad("text", "is longer than 16,384 bytes");
    const std::string_view text = crypto::text_of(payload);
    const auto parsed = read_strict_json(text);
    if (!parsed) return bad("text", "can't be read: " + parsed.failure().message);
    const json& whole = *parsed;
    if (auto fine = check_members(whole); !fine) return fine.failure();
    if (auto fine = check_value(whole, "text", 1); !fine) return fine.failure();

    Intent intent;
    intent.chain = whole["chain"].get<std::string>();
    intent.contract = whole["contract"].get<std::string>();
    intent.function = whole["function"].get<std::string>();
    if (!is_caip2(intent.chain)) return bad("chain", "must be a CAIP-2 id such as eip155:1");
    if (!is_plain(intent.contract, kMaxIntentContract)) return bad("contract", "must be 1 to 128 plain characters");
    if (!is_plain(intent.function, kMaxIntentFunction)) return bad("function", "must be 1 to 256 plain characters");
    const auto fee = amount(whole, "fee");
    if (!fee) return fee.failure();
    intent.fee = *fee;
    const auto value = amount(whole, "value");
    if (!value) return value.failure();
    intent.value = *value;
    const auto nonce = formats::parse_decimal(whole["nonce"].get_ref<const std::string&>());
    if (!nonce) return bad("nonce", "must be decimal digits below 2^64 in quotes");
    intent.nonce = *nonce;
    intent.args = whole["args"].dump();
    // Objects keep their members in byte order here and a dump has no white space and no needless escape: what is
    // written now is the one spelling.
    if (whole.dump() != text)
        return bad("text", "is not in the one spelling: order of members, white space or escapes");
    return intent;
}

crypto::Hash256 intent_hash(crypto::ByteView payload) {
    Bytes preimage = crypto::to_bytes(crypto::bytes_of(kDomain));
    crypto::append(preimage, payload);
    return crypto::sha256(preimage);
}

}  // namespace bh::signer
