#include "kernel/lifecycle/guard.hpp"

namespace bh::life {
namespace {
constexpr std::uint64_t kNanosecondsPerMs = 1'000'000;
}

void GuardMemory::observe(std::int64_t row, Guard guard, const std::string& answer, std::uint64_t monotonic_ns) {
    Seen& seen = seen_[row];
    if (seen.count == 0 || seen.guard != guard || seen.answer != answer) {
        seen = {guard, answer, 1, monotonic_ns, monotonic_ns};
        return;
    }
    // Looks in quick succession are one look: three answers within a second prove nothing.
    const auto interval = static_cast<std::uint64_t>(policy_.interval_ms()) * kNanosecondsPerMs;
    if (monotonic_ns - seen.last_ns < interval) return;
    ++seen.count;
    seen.last_ns = monotonic_ns;
}

bool GuardMemory::satisfied(std::int64_t row, Guard guard) const noexcept {
    if (guard == Guard::none || guard == Guard::open) return true;
    const auto found = seen_.find(row);
    if (found == seen_.end() || found->second.guard != guard) return false;
    const Seen& seen = found->second;
    return seen.count >= policy_.checks &&
           seen.last_ns - seen.first_ns >=
               static_cast<std::uint64_t>(policy_.interval_ms()) * (policy_.checks - 1) * kNanosecondsPerMs;
}

}  // namespace bh::life
