// What submit() saves before each broadcast: every signed variant of one nonce. Values.
#pragma once

#include "plugin-api/documents/common.hpp"
#include "plugins/chain-evm/tx/eip1559.hpp"

namespace bh::evm {

// A fee bump is another variant; so is the empty transfer that takes the place of an order that was cancelled.
struct Variant {
    Bytes raw;
    std::string hash;
    std::uint64_t max_fee = 0, priority_fee = 0;
    std::int64_t signed_at = 0;  // Unix seconds
    bool empty_transfer = false;

    [[nodiscard]] Fees fees() const { return {max_fee, priority_fee}; }
};

struct Checkpoint {
    std::string intent;  // digest of the intent, so that another one under the same op_id is noticed
    std::uint64_t nonce = 0;
    std::uint64_t gas = 0;
    bool reverted = false;  // in a final block: the next attempt takes a new nonce
    std::vector<Variant> variants;
};

inline constexpr std::size_t kMaxVariants = 10;  // with 1,024 sealed bytes they stay below the 64 KiB of a checkpoint

// BH_E_CORRUPT.
Result<Checkpoint> parse_checkpoint(std::string_view text);
std::string checkpoint_text(const Checkpoint& checkpoint);

}  // namespace bh::evm
