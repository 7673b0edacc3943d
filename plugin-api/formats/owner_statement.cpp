#include "plugin-api/formats/owner_statement.hpp"

#include "plugin-api/formats/rules.hpp"

#include <algorithm>

namespace bh::formats {

namespace {

constexpr std::string_view kTitle = "BlockHost owner statement 1\n";
constexpr std::string_view kDomain{"org.blockhost.owner-statement-1\0", 32};
constexpr std::string_view kNobody = "-";
constexpr std::size_t kMaxValue = 128;
constexpr std::uint64_t kMaxNumber = INT64_MAX;

Failure bad(std::string_view field, std::string_view rule) {
    return invalid("bad_statement", "owner statement: " + std::string{field} + " " + std::string{rule});
}

Status check(const OwnerStatement& s) {
    for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{"scheme", s.scheme},
                                      {"owner", s.owner},
                                      {"user", s.user.empty() ? kNobody : std::string_view{s.user}},
                                      {"chain", s.chain},
                                      {"contract", s.contract},
                                      {"position", s.position}}) {
        if (!is_word(value, kMaxValue)) return bad(name, "must be 1 to 128 printable characters without a space");
    }
    if (s.owner == kNobody) return bad("owner", "must be an address");
    if (s.user == kNobody) return bad("user", "must be an address, or empty when there is none");
    if (!is_decimal(s.token)) return bad("token", "must be a decimal number without leading zeros");
    if (!is_vm_name(s.vm)) return bad("vm", "must be 1 to 63 characters of a-z, 0-9 and '-'");
    if (s.height > kMaxNumber) return bad("height", "must be below 2^63");
    if (s.sequence > kMaxNumber) return bad("sequence", "must be below 2^63");
    if (s.issued < 0) return bad("issued", "must be Unix seconds");
    if (s.expires <= s.issued) return bad("expires", "must be after issued");
    return {};
}

// Takes "NAME: VALUE\n" off the front of `rest`.
Result<std::string> take_line(std::string_view& rest, std::string_view name) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (end == std::string_view::npos || !line.starts_with(name) || line.substr(name.size()).substr(0, 2) != ": ") {
        return bad(name, "must be the name, a colon, one space and the value on the line where the format has it");
    }
    const std::string_view value = line.substr(name.size() + 2);
    if (!is_word(value, kMaxValue)) return bad(name, "must be 1 to 128 printable characters without a space");
    rest.remove_prefix(end + 1);
    return std::string{value};
}

}  // namespace

Result<std::string> owner_statement_body(const OwnerStatement& s) {
    if (const Status fine = check(s); !fine) return fine.failure();
    std::string text{kTitle};
    const auto line = [&text](std::string_view name, std::string_view value) {
        text.append(name).append(": ").append(value).append("\n");
    };
    line("scheme", s.scheme);
    line("owner", s.owner);
    line("user", s.user.empty() ? kNobody : std::string_view{s.user});
    line("chain", s.chain);
    line("contract", s.contract);
    line("token", s.token);
    line("vm", s.vm);
    line("height", std::to_string(s.height));
    line("position", s.position);
    line("sequence", std::to_string(s.sequence));
    line("issued", std::to_string(s.issued));
    line("expires", std::to_string(s.expires));
    return text;
}

Bytes owner_statement_signed_bytes(std::string_view body) {
    // Reserved at once: g++ 12 at -O2 sees an overflow in the growth of a vector whose first size it knows.
    Bytes bytes;
    bytes.reserve(kDomain.size() + body.size());
    crypto::append(bytes, crypto::bytes_of(kDomain));
    crypto::append(bytes, crypto::bytes_of(body));
    return bytes;
}

std::string owner_statement_text(std::string_view body, const crypto::Ed25519Signature& signature) {
    return std::string{body} + "signature: " + crypto::hex(signature) + "\n";
}

Result<std::string> sign_owner_statement(const OwnerStatement& statement, const crypto::Secret& seed) {
    const auto body = owner_statement_body(statement);
    if (!body) return body.failure();
    const auto signature = crypto::ed25519_sign(seed, owner_statement_signed_bytes(*body));
    if (!signature) return signature.failure();
    return owner_statement_text(*body, *signature);
}

Result<SignedOwnerStatement> parse_owner_statement(std::string_view text) {
    if (text.size() > kMaxOwnerStatement) return bad("the text", "is longer than 1,536 bytes");
    if (!text.starts_with(kTitle)) return bad("the first line", "must be \"BlockHost owner statement 1\"");
    std::string_view rest = text.substr(kTitle.size());
    SignedOwnerStatement parsed;
    OwnerStatement& fields = parsed.fields;
    std::string height;
    std::string sequence;
    std::string issued;
    std::string expires;
    for (const auto& [name, target] : {std::pair<std::string_view, std::string*>{"scheme", &fields.scheme},
                                       {"owner", &fields.owner},
                                       {"user", &fields.user},
                                       {"chain", &fields.chain},
                                       {"contract", &fields.contract},
                                       {"token", &fields.token},
                                       {"vm", &fields.vm},
                                       {"height", &height},
                                       {"position", &fields.position},
                                       {"sequence", &sequence},
                                       {"issued", &issued},
                                       {"expires", &expires}}) {
        auto value = take_line(rest, name);
        if (!value) return value.failure();
        *target = std::move(*value);
    }
    if (fields.user == kNobody) fields.user.clear();
    const auto height_number = parse_decimal(height, kMaxNumber);
    const auto sequence_number = parse_decimal(sequence, kMaxNumber);
    const auto issued_number = parse_decimal(issued, kMaxNumber);
    const auto expires_number = parse_decimal(expires, kMaxNumber);
    if (!height_number) return bad("height", "must be a decimal number below 2^63");
    if (!sequence_number) return bad("sequence", "must be a decimal number below 2^63");
    if (!issued_number) return bad("issued", "must be a decimal number below 2^63");
    if (!expires_number) return bad("expires", "must be a decimal number below 2^63");
    fields.height = *height_number;
    fields.sequence = *sequence_number;
    fields.issued = static_cast<std::int64_t>(*issued_number);
    fields.expires = static_cast<std::int64_t>(*expires_number);
    if (const Status fine = check(fields); !fine) return fine.failure();

    parsed.body = std::string{text.substr(0, text.size() - rest.size())};
    const auto signature = take_line(rest, "signature");
    if (!signature) return signature.failure();
    const auto bytes = crypto::parse_hex(*signature);
    if (!bytes || bytes->size() != parsed.signature.size() || crypto::hex(*bytes) != *signature) {
        return bad("signature", "must be 128 lower-case hex digits");
    }
    if (!rest.empty()) return bad("signature", "must be the last line");
    std::copy(bytes->begin(), bytes->end(), parsed.signature.begin());
    return parsed;
}

Result<OwnerStatement> verify_owner_statement(std::string_view text, const crypto::Ed25519PublicKey& key) {
    auto parsed = parse_owner_statement(text);
    if (!parsed) return parsed.failure();
    if (!crypto::ed25519_verify(key, owner_statement_signed_bytes(parsed->body), parsed->signature)) {
        return Failure{BH_E_DENIED, "wrong_signature",
                       "owner statement: the signature was not made with the statement key that is trusted here"};
    }
    return std::move(parsed->fields);
}

}  // namespace bh::formats
