// The destruction guard's memory: how often, and over how long, the chain gave the same answer. In memory on purpose:
// a restart counts from zero. The engine's thread counts; any thread may ask how far it has come.
#pragma once

#include "kernel/lifecycle/standing.hpp"

#include <mutex>
#include <optional>
#include <unordered_map>

namespace bh::life {

struct GuardPolicy {
    std::uint32_t checks = 3;
    std::int64_t span_ms = 600'000;
    // Time between two looks so that `checks` of them take the span.
    [[nodiscard]] std::int64_t interval_ms() const noexcept {
        return checks <= 1 ? 0 : span_ms / static_cast<std::int64_t>(checks - 1);
    }
};

// How far a row's count has come.
struct GuardProgress {
    Guard guard = Guard::none;
    std::uint32_t looks = 0;                  // equal answers, each an interval after the one before
    std::uint64_t first_ns = 0, last_ns = 0;  // CLOCK_MONOTONIC
};

// Enough equal answers, over the whole span?
bool is_satisfied(const GuardPolicy& policy, const std::optional<GuardProgress>& progress, Guard guard) noexcept;

class GuardMemory {
public:
    explicit GuardMemory(GuardPolicy policy) noexcept : policy_{policy} {}
    GuardMemory(const GuardMemory& other);
    GuardMemory& operator=(const GuardMemory& other);
    ~GuardMemory() = default;

    // A fresh look in which the condition held. `answer` is what the chain said; another answer counts from one.
    void observe(std::int64_t row, Guard guard, const std::string& answer, std::uint64_t monotonic_ns);
    // A look in which it did not hold, or that the answer was an error: counts from zero.
    void forget(std::int64_t row);
    // What was held for final is not: no answer that was given before counts, of any row.
    void forget_all();
    [[nodiscard]] std::optional<GuardProgress> progress(std::int64_t row) const;
    [[nodiscard]] bool satisfied(std::int64_t row, Guard guard) const {
        return is_satisfied(policy_, progress(row), guard);
    }
    [[nodiscard]] const GuardPolicy& policy() const noexcept { return policy_; }

private:
    friend struct EngineSnapshot;  // tests/model
    struct Seen {
        Guard guard = Guard::none;
        std::string answer;
        std::uint32_t count = 0;
        std::uint64_t first_ns = 0, last_ns = 0;
    };
    GuardPolicy policy_;
    mutable std::mutex mutex_;  // of seen_
    std::unordered_map<std::int64_t, Seen> seen_;
};

}  // namespace bh::life
