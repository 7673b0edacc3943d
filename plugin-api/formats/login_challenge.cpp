#include "plugin-api/formats/login_challenge.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/formats/rules.hpp"
#include "plugin-api/formats/utc.hpp"

#include <algorithm>

namespace bh::formats {

namespace {

constexpr std::string_view kInvitation = " wants you to sign in with your Ethereum account:\n";
constexpr std::string_view kStatement =
    "\n\nLog in by SSH. Sign only if you have just started this login yourself.\n\nURI: ssh://";

Failure bad(std::string_view field, std::string_view rule) {
    return invalid("bad_challenge", "login challenge: " + std::string{field} + " " + std::string{rule});
}

bool is_client(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == ':' ||
               c == '_' || c == '-' || c == '%';
    });
}

// An IPv6 zone ("fe80::1%eth0") has the one character that a URN can't hold.
std::string escaped(std::string_view client) {
    std::string text;
    for (const char c : client) text += c == '%' ? std::string{"%25"} : std::string{c};
    return text;
}

std::string unescaped(std::string_view text) {
    std::string client;
    for (std::size_t i = 0; i < text.size(); ++i) {
        client.push_back(text[i]);
        if (text.substr(i).starts_with("%25")) i += 2;
    }
    return client;
}

// Takes what stands before `end` off the front of `rest`, and `end` itself.
bool take(std::string_view& rest, std::string_view end, std::string& value) {
    const std::size_t at = rest.find(end);
    if (at == std::string_view::npos) return false;
    value = std::string{rest.substr(0, at)};
    rest.remove_prefix(at + end.size());
    return true;
}

}  // namespace

Result<std::string> login_challenge_text(const LoginChallenge& c) {
    if (!is_vm_name(c.vm)) return bad("vm", "must be 1 to 63 characters of a-z, 0-9 and '-'");
    if (!is_user_name(c.user)) return bad("user", "must be 1 to 32 characters of a-z, 0-9, '_' and '-'");
    if (!is_key_fingerprint(c.host_key)) return bad("host_key", "must be SHA256: and 43 characters of base64");
    if (!is_client(c.client)) return bad("client", "must be an address, or \"unknown\"");
    if (c.expires <= c.issued) return bad("expires", "must be after issued");
    const auto issued = utc_text(c.issued);
    if (!issued) return bad("issued", "must be a time in the years 1970 to 9999");
    const auto expires = utc_text(c.expires);
    if (!expires) return bad("expires", "must be a time in the years 1970 to 9999");

    std::string text;
    text.append(c.vm).append(kInvitation).append(c.address.text()).append(kStatement);
    text.append(c.user).append("@").append(c.vm).append("\nVersion: 1\nChain ID: ").append(std::to_string(c.chain_id));
    text.append("\nNonce: ").append(crypto::hex(c.nonce)).append("\nIssued At: ").append(*issued);
    text.append("\nExpiration Time: ").append(*expires);
    text.append("\nResources:\n- urn:blockhost:ssh-host-key:").append(c.host_key);
    text.append("\n- urn:blockhost:client:").append(escaped(c.client));
    return text;
}

Result<LoginChallenge> parse_login_challenge(std::string_view text) {
    if (text.size() > kMaxLoginChallenge) return bad("the text", "is longer than 1,024 bytes");
    std::string_view rest = text;
    LoginChallenge c;
    std::string address;
    std::string vm_again;
    std::string chain_id;
    std::string nonce;
    std::string issued;
    std::string expires;
    if (!take(rest, kInvitation, c.vm) || !take(rest, kStatement, address) || !take(rest, "@", c.user) ||
        !take(rest, "\nVersion: 1\nChain ID: ", vm_again) || !take(rest, "\nNonce: ", chain_id) ||
        !take(rest, "\nIssued At: ", nonce) || !take(rest, "\nExpiration Time: ", issued) ||
        !take(rest, "\nResources:\n- urn:blockhost:ssh-host-key:", expires) ||
        !take(rest, "\n- urn:blockhost:client:", c.host_key)) {
        return bad("the text", "does not have the lines of the format");
    }
    c.client = unescaped(rest);
    const auto parsed_address = crypto::Address::parse(address);
    const auto number = parse_decimal(chain_id);
    const auto nonce_bytes = crypto::parse_hex(nonce);
    const auto issued_at = parse_utc(issued);
    const auto expires_at = parse_utc(expires);
    if (!parsed_address) return bad("address", "must be an address in its EIP-55 form");
    if (!number) return bad("chain_id", "must be a decimal number below 2^64");
    if (!nonce_bytes || nonce_bytes->size() != c.nonce.size()) return bad("nonce", "must be 32 hex digits");
    if (!issued_at) return bad("issued", "must be a time like 2026-11-24T22:40:00Z");
    if (!expires_at) return bad("expires", "must be a time like 2026-11-24T22:40:00Z");
    c.address = *parsed_address;
    c.chain_id = *number;
    std::copy(nonce_bytes->begin(), nonce_bytes->end(), c.nonce.begin());
    c.issued = *issued_at;
    c.expires = *expires_at;
    const auto again = login_challenge_text(c);
    if (!again) return again.failure();
    if (*again != text) return bad("the text", "is not written the one way that the format has");
    return c;
}

crypto::Hash256 login_challenge_digest(std::string_view text) { return crypto::eip191_hash(crypto::bytes_of(text)); }

}  // namespace bh::formats
