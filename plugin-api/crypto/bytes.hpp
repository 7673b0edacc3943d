// Byte views, fixed-size byte strings and hex. Pure functions, safe on any thread.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bh {

using Bytes = std::vector<std::uint8_t>;  // the same alias as in documents/common.hpp

namespace crypto {

using ByteView = std::span<const std::uint8_t>;
using Hash256 = std::array<std::uint8_t, 32>;

// The bytes of a text, without a terminating NUL.
inline ByteView bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The text that the bytes are; valid while they are.
inline std::string_view text_of(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

inline void append(Bytes& target, ByteView more) { target.insert(target.end(), more.begin(), more.end()); }

// Lower-case hex without prefix.
std::string hex(ByteView bytes);
// The same with "0x" before it.
std::string hex0x(ByteView bytes);

// Hex of either case, with or without "0x", an even number of digits and nothing else.
Result<Bytes> parse_hex(std::string_view text);

// Compares in constant time; lengths are not secret.
[[nodiscard]] bool equal(ByteView a, ByteView b) noexcept;

}  // namespace crypto
}  // namespace bh
