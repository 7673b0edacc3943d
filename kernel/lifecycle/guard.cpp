#include "kernel/lifecycle/guard.hpp"

namespace bh::life {
namespace {
constexpr std::uint64_t kNanosecondsPerMs = 1'000'000;
}

void GuardMemory::observe(std::int64_t row, Guard guard, const std::string& answer, std::uint64_t monotonic_ns) {
    const std::lock_guard lock{mutex_};
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

void GuardMemory::forget(std::int64_t row) {
    const std::lock_guard lock{mutex_};
    seen_.erase(row);
}

GuardMemory::GuardMemory(const GuardMemory& other) : policy_{other.policy_} {
    const std::scoped_lock lock{other.mutex_};
    seen_ = other.seen_;
}

GuardMemory& GuardMemory::operator=(const GuardMemory& other) {
    if (this == &other) return *this;
    const std::scoped_lock lock{mutex_, other.mutex_};
    policy_ = other.policy_;
    seen_ = other.seen_;
    return *this;
}

void GuardMemory::forget_all() {
    const std::lock_guard lock{mutex_};
    seen_.clear();
}

std::optional<GuardProgress> GuardMemory::progress(std::int64_t row) const {
    const std::lock_guard lock{mutex_};
    const auto found = seen_.find(row);
    if (found == seen_.end()) return std::nullopt;
    return GuardProgress{found->second.guard, found->second.count, found->second.first_ns, found->second.last_ns};
}

bool is_satisfied(const GuardPolicy& policy, const std::optional<GuardProgress>& progress, Guard guard) noexcept {
    if (guard == Guard::none || guard == Guard::open) return true;
    if (!progress || progress->guard != guard) return false;
    return progress->looks >= policy.checks &&
           progress->last_ns - progress->first_ns >=
               static_cast<std::uint64_t>(policy.interval_ms()) * (policy.checks - 1) * kNanosecondsPerMs;
}

}  // namespace bh::life
