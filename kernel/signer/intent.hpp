// The scheme bh-intent-1 (plugin-api/formats/bh-intent-1.md): reads an intent in its one spelling, and hashes it. Pure.
#pragma once

#include "kernel/signer/transaction.hpp"

#include <cstdint>
#include <string>

namespace bh::signer {

inline constexpr std::size_t kMaxIntent = std::size_t{16} * 1024;

struct Intent {
    std::string chain;               // CAIP-2
    std::string contract, function;  // plain characters
    std::string args;                // JSON, as it stands in the text
    Wei fee = 0, value = 0;
    std::uint64_t nonce = 0;
};

// BH_E_INVALID "bad_intent", naming the member, for every byte that breaks a rule of the format.
Result<Intent> decode_intent(crypto::ByteView payload);

// Of what decode_intent() took.
crypto::Hash256 intent_hash(crypto::ByteView payload);

// A CAIP-2 id: namespace, colon, reference.
[[nodiscard]] bool is_caip2(std::string_view text);
// 1 to `max` characters from 0x21 to 0x7e without `"` and `\`.
[[nodiscard]] bool is_plain(std::string_view text, std::size_t max);

inline constexpr std::size_t kMaxIntentContract = 128;
inline constexpr std::size_t kMaxIntentFunction = 256;

}  // namespace bh::signer
