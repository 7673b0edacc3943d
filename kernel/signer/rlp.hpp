// Reads RLP, canonical form only: the shortest length, no leading zeros in a length, single bytes below 0x80 as
// themselves, nothing left over. A reader that took anything else would show the policy one thing and the chain
// another. Pure; a Reader borrows the bytes.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

#include <cstdint>

namespace bh::signer {

class RlpReader {
public:
    explicit RlpReader(crypto::ByteView bytes) : rest_{bytes} {}

    // The next item; BH_E_INVALID "bad_rlp" when it is of the other kind or not canonical.
    Result<crypto::ByteView> text();
    Result<RlpReader> list();
    // A number without leading zeros, below 2^64.
    Result<std::uint64_t> number();

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }

private:
    Result<crypto::ByteView> item(std::uint8_t base);
    crypto::ByteView rest_;
};

}  // namespace bh::signer
