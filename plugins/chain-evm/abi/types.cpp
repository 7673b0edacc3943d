#include "plugins/chain-evm/abi/types.hpp"

#include "plugins/chain-evm/abi/hex.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

using Word = std::array<std::uint8_t, 32>;

// word = word * factor + addend; false on overflow.
bool scale(Word& word, std::uint32_t factor, std::uint32_t addend) {
    std::uint64_t carry = addend;
    for (std::size_t i = word.size(); i-- > 0;) {
        carry += std::uint64_t{word[i]} * factor;
        word[i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
    return carry == 0;
}

// A word as four numbers of 64 bits, the highest first.
std::array<std::uint64_t, 4> limbs_of(const Word& word) {
    std::array<std::uint64_t, 4> out{};
    for (std::size_t i = 0; i < word.size(); ++i) out[i / 8] = out[i / 8] << 8 | word[i];
    return out;
}

// Divides in place and gives the remainder. `divisor` is below 2^32.
std::uint64_t divide(std::array<std::uint64_t, 4>& limbs, std::uint64_t divisor) {
    std::uint64_t rest = 0;
    for (std::uint64_t& limb : limbs) {
        const std::uint64_t high = rest << 32 | limb >> 32;
        const std::uint64_t low = high % divisor << 32 | (limb & UINT32_MAX);
        limb = high / divisor << 32 | low / divisor;
        rest = low % divisor;
    }
    return rest;
}

}  // namespace

std::optional<Hash> Hash::parse(std::string_view text) {
    Hash out;
    if (!strip_0x(text) || !decode_hex(text, out.bytes)) return std::nullopt;
    return out;
}

std::string token_text(const Address& token) { return token.is_zero() ? "native" : token.text(); }

Result<Address> parse_token(std::string_view text) {
    if (text == "native") return Address{};
    return Address::parse(text);
}

std::optional<Uint256> Uint256::from_decimal(std::string_view digits) {
    constexpr std::size_t kMaxDigits = 78;
    if (digits.empty() || digits.size() > kMaxDigits) return std::nullopt;
    Uint256 out;
    for (const char c : digits) {
        if (c < '0' || c > '9' || !scale(out.word_, 10, static_cast<std::uint32_t>(c - '0'))) return std::nullopt;
    }
    return out;
}

std::optional<Uint256> Uint256::from_quantity(std::string_view hex) {
    if (hex.size() < 3 || hex.size() > 66 || hex.substr(0, 2) != "0x") return std::nullopt;
    // To the right end of the word; an odd number of digits leaves the first byte half full.
    hex.remove_prefix(2);
    Uint256 out;
    const std::size_t bytes = (hex.size() + 1) / 2;
    const std::span<std::uint8_t> tail{out.word_.data() + 32 - bytes, bytes};
    if (hex.size() % 2 != 0) {
        const char first[] = {'0', hex.front()};
        if (!decode_hex({first, 2}, tail.first(1)) || !decode_hex(hex.substr(1), tail.subspan(1))) return std::nullopt;
    } else if (!decode_hex(hex, tail)) {
        return std::nullopt;
    }
    return out;
}

std::string Uint256::decimal() const {
    constexpr std::uint64_t kPart = 1'000'000'000;
    constexpr std::size_t kPartDigits = 9;
    constexpr std::size_t kMaxDigits = 81;  // nine parts
    std::array<std::uint64_t, 4> limbs = limbs_of(word_);
    std::array<char, kMaxDigits> text;
    std::size_t at = text.size();
    while ((limbs[0] | limbs[1] | limbs[2]) != 0) {
        std::uint64_t part = divide(limbs, kPart);
        for (std::size_t i = 0; i < kPartDigits; ++i, part /= 10) text[--at] = static_cast<char>('0' + part % 10);
    }
    // What is left is not 0 here, unless all of it was.
    std::uint64_t rest = limbs[3];
    do {
        text[--at] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    return {text.data() + at, text.size() - at};
}

std::string Uint256::quantity() const {
    const std::string digits = crypto::hex(word_);
    const std::size_t first = digits.find_first_not_of('0');
    return first == std::string::npos ? "0x0" : "0x" + digits.substr(first);
}

std::optional<std::uint64_t> Uint256::as_u64() const noexcept {
    if (std::any_of(word_.begin(), word_.begin() + 24, [](std::uint8_t byte) { return byte != 0; }))
        return std::nullopt;
    std::uint64_t out = 0;
    for (std::size_t i = 24; i < 32; ++i) out = out << 8 | word_[i];
    return out;
}

std::optional<Uint256> add(const Uint256& a, const Uint256& b) {
    Uint256 out;
    unsigned carry = 0;
    for (std::size_t i = 32; i-- > 0;) {
        carry += unsigned{a.word_[i]} + b.word_[i];
        out.word_[i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
    if (carry != 0) return std::nullopt;
    return out;
}

std::optional<Uint256> subtract(const Uint256& a, const Uint256& b) {
    if (a < b) return std::nullopt;
    Uint256 out;
    int borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
        const int digit = int{a.word_[i]} - int{b.word_[i]} - borrow;
        out.word_[i] = static_cast<std::uint8_t>(digit);
        borrow = digit < 0 ? 1 : 0;
    }
    return out;
}

std::optional<Uint256> multiply(const Uint256& a, std::uint64_t factor) {
    Uint256 low = a;
    if (!scale(low.word_, static_cast<std::uint32_t>(factor), 0)) return std::nullopt;
    const auto upper = static_cast<std::uint32_t>(factor >> 32);
    if (upper == 0) return low;
    Uint256 high = a;
    if (!scale(high.word_, upper, 0)) return std::nullopt;
    if (std::any_of(high.word_.begin(), high.word_.begin() + 4, [](std::uint8_t byte) { return byte != 0; })) {
        return std::nullopt;
    }
    std::copy(high.word_.begin() + 4, high.word_.end(), high.word_.begin());
    std::fill(high.word_.end() - 4, high.word_.end(), std::uint8_t{0});
    return add(low, high);
}

std::string quantity(std::uint64_t value) { return Uint256{value}.quantity(); }

}  // namespace bh::evm
