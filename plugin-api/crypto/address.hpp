// Address: the last 20 bytes of keccak256(X, Y), with the checksum of EIP-55. A value; safe on any thread.
#pragma once

#include "plugin-api/crypto/secp256k1.hpp"

namespace bh::crypto {

struct Address {
    std::array<std::uint8_t, 20> bytes{};

    static Address of(const PublicKey& key);
    // "0x" and 40 digits: all lower case, all upper case, or with a right EIP-55 checksum.
    static Result<Address> parse(std::string_view text);

    [[nodiscard]] std::string text() const;        // with checksum
    [[nodiscard]] std::string lower_text() const;  // lower case
    [[nodiscard]] bool is_zero() const noexcept { return bytes == std::array<std::uint8_t, 20>{}; }
    auto operator<=>(const Address&) const = default;
};

// Who signed `hash`.
Result<Address> recover_address(ByteView signature, const Hash256& hash);

}  // namespace bh::crypto
