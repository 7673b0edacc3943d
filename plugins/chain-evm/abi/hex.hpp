// Hex digits to bytes, for what comes by the hundred thousand: no allocation, no sentence. plugin-api/crypto/bytes.hpp
// has the reader for texts of people. Pure, safe on any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bh::evm {

// Two digits of either case for each byte of `out`; false, with `out` unspecified, for any other number of digits or
// another character.
[[nodiscard]] bool decode_hex(std::string_view digits, std::span<std::uint8_t> out) noexcept;

// The digits behind "0x", or false if it does not begin so.
[[nodiscard]] inline bool strip_0x(std::string_view& text) noexcept {
    if (!text.starts_with("0x")) return false;
    text.remove_prefix(2);
    return true;
}

}  // namespace bh::evm
