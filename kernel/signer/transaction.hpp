// The scheme eip1559-tx: decodes an unsigned type-2 transaction and hashes it. Pure.
#pragma once

#include "plugin-api/crypto/address.hpp"

#include <cstdint>
#include <optional>

namespace bh::signer {

inline constexpr std::size_t kMaxTransaction = std::size_t{32} * 1024;

// An unsigned amount of wei; 128 bits hold gas times fee of any 64-bit pair.
__extension__ using Wei = unsigned __int128;
std::string decimal(Wei amount);
// nullopt unless decimal digits below 2^128.
std::optional<Wei> parse_wei(std::string_view text);

struct Transaction {
    std::uint64_t chain_id = 0, nonce = 0, max_priority_fee = 0, max_fee = 0, gas = 0;
    std::optional<crypto::Address> to;  // nullopt: creates a contract
    Bytes value;                        // big-endian, no leading zeros; empty = 0
    Bytes data;
    std::size_t access_list_entries = 0;

    [[nodiscard]] Wei most_it_can_cost() const { return static_cast<Wei>(gas) * max_fee; }
};

// `payload` is 0x02 and the RLP list of the nine unsigned fields, in canonical form with nothing behind it.
// BH_E_INVALID "bad_transaction" or "bad_rlp".
Result<Transaction> decode_transaction(crypto::ByteView payload);

}  // namespace bh::signer
