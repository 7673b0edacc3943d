// The value types of the EVM: hashes, addresses, 256-bit unsigned integers. Plain values, safe on any thread.
#pragma once

#include "plugin-api/crypto/address.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bh::evm {

using crypto::ByteView;

using crypto::Address;

// A keccak-256 digest: the id of a block or a transaction, a topic, an order.
struct Hash {
    std::array<std::uint8_t, 32> bytes{};

    // Exactly "0x" and 64 hex digits, of either case.
    static std::optional<Hash> parse(std::string_view text);
    [[nodiscard]] std::string text() const { return crypto::hex0x(bytes); }
    auto operator<=>(const Hash&) const = default;
};

// What contracts and documents call the chain's own coin: the zero address and "native".
std::string token_text(const Address& token);
Result<Address> parse_token(std::string_view text);

// An unsigned integer of 256 bits, kept as its big-endian word, so that comparing words compares numbers. It has only
// the arithmetic that fees and amounts need; overflow is nullopt, never a wrap.
class Uint256 {
public:
    constexpr Uint256() = default;
    constexpr explicit Uint256(std::uint64_t value) {
        for (std::size_t i = 0; i < 8; ++i) word_[31 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    static Uint256 from_word(const std::array<std::uint8_t, 32>& big_endian) {
        Uint256 out;
        out.word_ = big_endian;
        return out;
    }
    static std::optional<Uint256> from_decimal(std::string_view digits);  // [0-9]{1,78}
    static std::optional<Uint256> from_quantity(std::string_view hex);    // "0x" and 1 to 64 hex digits

    [[nodiscard]] const std::array<std::uint8_t, 32>& word() const noexcept { return word_; }
    [[nodiscard]] std::string decimal() const;
    [[nodiscard]] std::string quantity() const;  // "0x" without leading zeros
    [[nodiscard]] std::optional<std::uint64_t> as_u64() const noexcept;

    auto operator<=>(const Uint256&) const = default;

private:
    friend std::optional<Uint256> add(const Uint256& a, const Uint256& b);
    friend std::optional<Uint256> subtract(const Uint256& a, const Uint256& b);
    friend std::optional<Uint256> multiply(const Uint256& a, std::uint64_t factor);
    std::array<std::uint8_t, 32> word_{};
};

std::optional<Uint256> add(const Uint256& a, const Uint256& b);
std::optional<Uint256> subtract(const Uint256& a, const Uint256& b);
std::optional<Uint256> multiply(const Uint256& a, std::uint64_t factor);

std::string quantity(std::uint64_t value);

}  // namespace bh::evm
