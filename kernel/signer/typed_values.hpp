// Values of EIP-712 that are no structs and no arrays, encoded as words. Pure.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bh::signer {

// A letter, '_' or '$', then letters, digits, '_' and '$'; at most 64.
[[nodiscard]] bool is_identifier(std::string_view text);
// address, bool, string, bytes, bytes1..32, uint8..256, int8..256.
[[nodiscard]] bool is_atomic_type(std::string_view type);
[[nodiscard]] std::optional<std::uint64_t> decimal_number(std::string_view text);

// Numbers are JSON integers or decimal texts; bytes are 0x-hex. BH_E_INVALID "bad_typed_data" naming `where`.
Result<crypto::Hash256> encode_atomic(std::string_view type, const nlohmann::json& value, const std::string& where);

}  // namespace bh::signer
