// The words and hashes of EIP-712 that typed formats are built from. Pure functions.
#pragma once

#include "plugin-api/crypto/address.hpp"

#include <cstdint>
#include <string_view>

namespace bh::formats {

using Word = crypto::Hash256;

Word word_of(std::uint64_t number);
Word word_of(const crypto::Address& address);
Word word_of_text(std::string_view text);  // keccak256 of it: how `string` and `bytes` are encoded
// A decimal number below 2^256.
Result<Word> word_of_decimal(std::string_view text);

// EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)
Word domain_separator(std::string_view name, std::string_view version, std::uint64_t chain_id,
                      const crypto::Address& contract);
// keccak256(0x19 0x01, separator, struct hash)
crypto::Hash256 typed_data_digest(const Word& separator, const Word& struct_hash);

}  // namespace bh::formats
