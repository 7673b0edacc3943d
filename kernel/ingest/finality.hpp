// Which reported block the operator holds for final. Pure.
#pragma once

#include "plugin-api/documents/chain.hpp"

namespace bh::life {

// "latest+N": N blocks stand on top of it (or "latest" = "latest+0"); "safe"; "finalized".
struct FinalityRule {
    enum class Kind : std::uint8_t { depth, safe, finalized } kind = Kind::finalized;
    std::uint32_t depth = 0;
    bool operator==(const FinalityRule&) const = default;
};
inline constexpr std::uint32_t kMaxFinalDepth = 511;  // a poll reports at most 512 recent blocks

Result<FinalityRule> parse_finality(std::string_view text);
std::string to_text(const FinalityRule& rule);

// The newest block that the rule holds for final; nothing while the chain is too short or does not say.
std::optional<Block> final_block(const FinalityRule& rule, const ChainEvents& polled);

}  // namespace bh::life
