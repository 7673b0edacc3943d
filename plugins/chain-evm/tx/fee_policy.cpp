#include "plugins/chain-evm/tx/fee_policy.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::uint64_t kGwei = 1'000'000'000;

// Nodes refuse a replacement that pays less than a tenth more.
std::uint64_t least_replacement(std::uint64_t fee) { return fee + fee / 10 + 1; }
std::uint64_t usual_replacement(std::uint64_t fee) { return fee + fee / 4 + 1; }

Fees capped(std::uint64_t priority, std::uint64_t max, const Profile::Fees& rules) {
    Fees out;
    out.max_fee = std::min(max, rules.max_fee_gwei * kGwei);
    out.priority_fee = std::min({priority, rules.max_priority_fee_gwei * kGwei, out.max_fee});
    return out;
}

}  // namespace

Result<Fees> choose_fees(const FeeHistory& market, const Profile::Fees& rules) {
    const std::uint64_t cap = rules.max_fee_gwei * kGwei;
    if (market.next_base_fee >= cap) {
        return Failure{BH_E_UNAVAILABLE, "fee_above_cap",
                       "the chain's base fee is " + std::to_string(market.next_base_fee / kGwei) +
                           " gwei, above max_fee_gwei of " + std::to_string(rules.max_fee_gwei) +
                           "; it waits until fees fall or the cap is raised",
                       0};
    }
    const std::uint64_t priority = std::max(market.priority_fee, rules.min_priority_fee_wei);
    const std::uint64_t bounded = std::min(priority, rules.max_priority_fee_gwei * kGwei);
    return capped(priority, 2 * market.next_base_fee + bounded, rules);
}

std::optional<Fees> bump_fees(const Fees& paid, const FeeHistory& market, const Profile::Fees& rules) {
    Fees wanted{usual_replacement(paid.max_fee), usual_replacement(paid.priority_fee)};
    if (const Result<Fees> now = choose_fees(market, rules); now) {
        wanted.max_fee = std::max(wanted.max_fee, now->max_fee);
        wanted.priority_fee = std::max(wanted.priority_fee, now->priority_fee);
    }
    const Fees out = capped(wanted.priority_fee, wanted.max_fee, rules);
    if (out.max_fee < least_replacement(paid.max_fee) || out.priority_fee < least_replacement(paid.priority_fee)) {
        return std::nullopt;
    }
    return out;
}

std::uint64_t gas_limit(std::uint64_t estimate, const Profile::Fees& rules) {
    return estimate / 1000 * rules.gas_margin_permille + estimate % 1000 * rules.gas_margin_permille / 1000;
}

}  // namespace bh::evm
