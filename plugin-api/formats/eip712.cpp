#include "plugin-api/formats/eip712.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/formats/rules.hpp"

#include <algorithm>

namespace bh::formats {

using crypto::bytes_of;
using crypto::keccak256;

Word word_of(std::uint64_t number) {
    Word word{};
    for (std::size_t i = 0; i < 8; ++i) word[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return word;
}

Word word_of(const crypto::Address& address) {
    Word word{};
    std::copy(address.bytes.begin(), address.bytes.end(), word.begin() + 12);
    return word;
}

Word word_of_text(std::string_view text) { return keccak256(bytes_of(text)); }

Result<Word> word_of_decimal(std::string_view text) {
    const Failure failure = invalid("bad_number", "not a decimal number below 2^256 without leading zeros");
    if (!is_decimal(text)) return failure;
    Word word{};
    for (const char c : text) {
        unsigned carry = static_cast<unsigned>(c - '0');
        for (std::size_t i = word.size(); i-- > 0;) {
            carry += word[i] * 10u;
            word[i] = static_cast<std::uint8_t>(carry & 0xff);
            carry >>= 8;
        }
        if (carry != 0) return failure;
    }
    return word;
}

Word domain_separator(std::string_view name, std::string_view version, std::uint64_t chain_id,
                      const crypto::Address& contract) {
    return keccak256(
        {word_of_text("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
         word_of_text(name), word_of_text(version), word_of(chain_id), word_of(contract)});
}

crypto::Hash256 typed_data_digest(const Word& separator, const Word& struct_hash) {
    static constexpr std::uint8_t kPrefix[] = {0x19, 0x01};
    return keccak256({kPrefix, separator, struct_hash});
}

}  // namespace bh::formats
