#include "plugin-api/crypto/address.hpp"

#include "plugin-api/crypto/keccak.hpp"

#include <algorithm>

namespace bh::crypto {

Address Address::of(const PublicKey& key) {
    const Hash256 hash = keccak256(ByteView{key.point()}.subspan(1));
    Address address;
    std::copy_n(hash.begin() + 12, 20, address.bytes.begin());
    return address;
}

std::string Address::lower_text() const { return hex0x(bytes); }

std::string Address::text() const {
    std::string digits = hex(bytes);
    const Hash256 hash = keccak256(bytes_of(digits));
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const int nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15;
        if (digits[i] >= 'a' && nibble >= 8) digits[i] = static_cast<char>(digits[i] - 'a' + 'A');
    }
    return "0x" + digits;
}

Result<Address> Address::parse(std::string_view text) {
    const Failure failure = invalid("bad_address",
                                    "an address is 0x and 40 hex digits, with a right EIP-55 checksum "
                                    "where it mixes upper and lower case");
    if (text.size() != 42 || !text.starts_with("0x")) return failure;
    const Result<Bytes> bytes = parse_hex(text);
    if (!bytes) return failure;
    Address address;
    std::copy(bytes->begin(), bytes->end(), address.bytes.begin());
    const std::string_view digits = text.substr(2);
    const bool lower = std::none_of(digits.begin(), digits.end(), [](char c) { return c >= 'A' && c <= 'F'; });
    const bool upper = std::none_of(digits.begin(), digits.end(), [](char c) { return c >= 'a' && c <= 'f'; });
    if (!lower && !upper && address.text() != text) return failure;
    return address;
}

Result<Address> recover_address(ByteView signature, const Hash256& hash) {
    const Result<Signature> parsed = Signature::parse(signature);
    if (!parsed) return parsed.failure();
    const Result<PublicKey> key = recover(*parsed, hash);
    if (!key) return key.failure();
    return Address::of(*key);
}

}  // namespace bh::crypto
