#include "plugins/chain-evm/abi/types.hpp"

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

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<Hash> Hash::parse(std::string_view text) {
    Hash out;
    if (text.size() != 66 || text.substr(0, 2) != "0x") return std::nullopt;
    const auto bytes = crypto::parse_hex(text);
    if (!bytes || bytes->size() != out.bytes.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), out.bytes.begin());
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
    Uint256 out;
    for (const char c : hex.substr(2)) {
        const int digit = hex_digit(c);
        if (digit < 0 || !scale(out.word_, 16, static_cast<std::uint32_t>(digit))) return std::nullopt;
    }
    return out;
}

std::string Uint256::decimal() const {
    Word rest = word_;
    std::string out;
    do {
        unsigned remainder = 0;
        for (std::uint8_t& byte : rest) {
            const unsigned value = remainder * 256 + byte;
            byte = static_cast<std::uint8_t>(value / 10);
            remainder = value % 10;
        }
        out.push_back(static_cast<char>('0' + remainder));
    } while (rest != Word{});
    std::reverse(out.begin(), out.end());
    return out;
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
