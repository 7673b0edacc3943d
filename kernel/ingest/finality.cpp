#include "kernel/ingest/finality.hpp"

#include <algorithm>
#include <charconv>

namespace bh::life {
namespace {
constexpr std::string_view kLatest = "latest";
}

Result<FinalityRule> parse_finality(std::string_view text) {
    using Kind = FinalityRule::Kind;
    if (text == "safe") return FinalityRule{Kind::safe, 0};
    if (text == "finalized") return FinalityRule{Kind::finalized, 0};
    if (text == kLatest) return FinalityRule{Kind::depth, 0};
    if (text.starts_with("latest+")) {
        const std::string_view number = text.substr(kLatest.size() + 1);
        std::uint32_t depth = 0;
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), depth);
        if (error == std::errc{} && end == number.data() + number.size() && depth <= kMaxFinalDepth) {
            return FinalityRule{Kind::depth, depth};
        }
    }
    return invalid("finality_rule", "finality '" + std::string{text} +
                                        "' is not known: use safe, finalized, or latest+N with N from 0 to 511");
}

std::string to_text(const FinalityRule& rule) {
    switch (rule.kind) {
        case FinalityRule::Kind::safe:
            return "safe";
        case FinalityRule::Kind::finalized:
            return "finalized";
        case FinalityRule::Kind::depth:
            break;
    }
    return "latest+" + std::to_string(rule.depth);
}

std::optional<Block> final_block(const FinalityRule& rule, const ChainEvents& polled) {
    switch (rule.kind) {
        case FinalityRule::Kind::safe:
            return polled.safe;
        case FinalityRule::Kind::finalized:
            return polled.finalized;
        case FinalityRule::Kind::depth:
            break;
    }
    if (polled.head.position.height < rule.depth) return std::nullopt;
    const std::uint64_t height = polled.head.position.height - rule.depth;
    // From the newest on: positions of skipped heights (a chain may have gaps) count as the one below.
    const auto found = std::find_if(polled.recent.rbegin(), polled.recent.rend(),
                                    [height](const Block& block) { return block.position.height <= height; });
    if (found == polled.recent.rend()) return std::nullopt;
    return *found;
}

}  // namespace bh::life
