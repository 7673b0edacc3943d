// RLP, outgoing, as transactions and proofs need it:
// https://ethereum.org/developers/docs/data-structures-and-encoding/rlp. Pure.
#pragma once

#include "plugins/chain-evm/abi/types.hpp"

namespace bh::evm {

class RlpList {
public:
    RlpList& bytes(ByteView value);
    RlpList& uint(const Uint256& value);  // without leading zeros
    RlpList& uint(std::uint64_t value) { return uint(Uint256{value}); }
    RlpList& empty_list();
    RlpList& encoded(ByteView item);  // RLP already

    [[nodiscard]] Bytes finish() const;

private:
    Bytes content_;
};

// One string.
Bytes rlp_string(ByteView value);

}  // namespace bh::evm
