#include "plugins/chain-evm/abi/hex.hpp"

#include <array>

namespace bh::evm {
namespace {

constexpr std::uint8_t kNoDigit = 0x80;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
    std::array<std::uint8_t, 256> out{};
    out.fill(kNoDigit);
    for (std::uint8_t i = 0; i < 10; ++i) out[std::size_t{'0'} + i] = i;
    for (std::uint8_t i = 0; i < 6; ++i) {
        const auto value = static_cast<std::uint8_t>(10 + i);
        out[std::size_t{'a'} + i] = value;
        out[std::size_t{'A'} + i] = value;
    }
    return out;
}();

}  // namespace

bool decode_hex(std::string_view digits, std::span<std::uint8_t> out) noexcept {
    if (digits.size() != 2 * out.size()) return false;
    unsigned seen = 0;  // what is no digit shows once, at the end
    const char* at = digits.data();
    for (std::uint8_t& byte : out) {
        const unsigned high = kDigits[static_cast<unsigned char>(at[0])];
        const unsigned low = kDigits[static_cast<unsigned char>(at[1])];
        seen |= high | low;
        byte = static_cast<std::uint8_t>(high << 4 | low);
        at += 2;
    }
    return (seen & kNoDigit) == 0;
}

}  // namespace bh::evm
