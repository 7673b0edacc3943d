// Transactions of type 2 (EIP-1559): the bytes that are signed and the bytes that are sent. Pure.
#pragma once

#include "plugin-api/crypto/secp256k1.hpp"
#include "plugins/chain-evm/abi/types.hpp"

namespace bh::evm {

// Wei per gas.
struct Fees {
    std::uint64_t max_fee = 0;
    std::uint64_t priority_fee = 0;
    bool operator==(const Fees&) const = default;
};

struct Transaction {
    std::uint64_t chain_id = 0;
    std::uint64_t nonce = 0;
    Fees fees;
    std::uint64_t gas = 0;
    std::optional<Address> to;  // nullopt: creates a contract
    Uint256 value;
    Bytes data;
};

// What the scheme "eip1559-tx" of the signer takes: 0x02 and the RLP list of the nine fields.
Bytes unsigned_bytes(const Transaction& tx);

struct SignedTransaction {
    Bytes raw;
    Hash hash;
};
// BH_E_DENIED "wrong_signature": not 65 bytes r, s, v (0, 1, 27, 28), or not by `signer`.
Result<SignedTransaction> attach_signature(const Transaction& tx, ByteView signature, const Address& signer);

}  // namespace bh::evm
