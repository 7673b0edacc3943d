// Checks of field values that several formats share. Pure functions.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace bh::formats {

// 1 to `max` characters from 0x21 to 0x7e.
[[nodiscard]] bool is_word(std::string_view text, std::size_t max);
// 1 to 63 characters of a-z, 0-9 and '-'.
[[nodiscard]] bool is_vm_name(std::string_view text);
// 1 to 32 characters of a-z, 0-9, '_' and '-', the first a letter or '_'.
[[nodiscard]] bool is_user_name(std::string_view text);
// "SHA256:" and 43 characters of base64.
[[nodiscard]] bool is_key_fingerprint(std::string_view text);
// Decimal digits without sign and leading zeros, 1 to 78 of them.
[[nodiscard]] bool is_decimal(std::string_view text);

// nullopt unless is_decimal() and at most `max`.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max = UINT64_MAX);

// The number of the CAIP-2 chain "eip155:N".
Result<std::uint64_t> eip155_chain_id(std::string_view chain);

}  // namespace bh::formats
