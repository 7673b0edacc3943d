// owner-statement-1: owner-statement-1.md. No JSON, no clock: whoever verifies compares chain, contract, token, vm,
// expiry and sequence with its own. Plain values; safe on any thread.
#pragma once

#include "plugin-api/crypto/ed25519.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bh::formats {

inline constexpr std::size_t kMaxOwnerStatement = 1536;

struct OwnerStatement {
    std::string scheme;    // "eip191"
    std::string owner;     // canonical address
    std::string user;      // who rents the login; "" = nobody
    std::string chain;     // CAIP-2
    std::string contract;  // the subscription contract
    std::string token;     // decimal
    std::string vm;
    std::uint64_t height = 0;
    std::string position;  // block id
    std::uint64_t sequence = 0;
    std::int64_t issued = 0, expires = 0;  // Unix seconds
    bool operator==(const OwnerStatement&) const = default;
};

// A statement that was read; nothing is verified yet.
struct SignedOwnerStatement {
    OwnerStatement fields;
    std::string body;  // what is signed, without the prefix
    crypto::Ed25519Signature signature{};
};

// The lines before "signature:". BH_E_INVALID "bad_statement" naming the field that breaks the format.
Result<std::string> owner_statement_body(const OwnerStatement& statement);
// The bytes that Ed25519 signs for this body.
Bytes owner_statement_signed_bytes(std::string_view body);
// The whole text.
std::string owner_statement_text(std::string_view body, const crypto::Ed25519Signature& signature);

Result<std::string> sign_owner_statement(const OwnerStatement& statement, const crypto::Secret& seed);
Result<SignedOwnerStatement> parse_owner_statement(std::string_view text);
// Parses and checks the signature: BH_E_INVALID "bad_statement", BH_E_DENIED "wrong_signature".
Result<OwnerStatement> verify_owner_statement(std::string_view text, const crypto::Ed25519PublicKey& key);

}  // namespace bh::formats
