// "Look now": what plugins say about their own instances, from any thread, as often as they like
// (blockhost/svc/wake.h).
//
// An instance that asked already and was not looked at yet can't ask more, so a plugin that asks in a loop costs itself
// time and nobody else. Outlives the plugins and the engine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>

namespace bh::life {

class Wakes {
public:
    // Dropped for an instance that nobody listens for: who begins to listen looks at all of them first.
    void ask(const std::string& instance) {
        const std::lock_guard lock{mutex_};
        if (followed_.contains(instance) && asked_.insert(instance).second) told_();
    }

    // `told` is called for each instance that asks, on its thread, until stop() returns; it takes no time and does not
    // call back.
    void listen(std::set<std::string> instances, std::function<void()> told) {
        const std::lock_guard lock{mutex_};
        followed_ = std::move(instances);
        told_ = std::move(told);
        asked_.clear();
    }
    void stop() { listen({}, {}); }

    [[nodiscard]] bool asked(const std::string& instance) const {
        const std::lock_guard lock{mutex_};
        return asked_.contains(instance);
    }
    // Before the look: who asks from now on asks for another one. Whether it had asked.
    bool take(const std::string& instance) {
        const std::lock_guard lock{mutex_};
        return asked_.erase(instance) != 0;
    }

private:
    mutable std::mutex mutex_;
    std::set<std::string> followed_, asked_;
    std::function<void()> told_;
};

// How often an instance is looked at because it asked: a burst, then so many times a second; what is beyond waits and
// is one. Times in milliseconds of one clock.
class WakeLimit {
public:
    static constexpr std::int64_t kBurst = 10, kPauseMs = 100;

    [[nodiscard]] std::int64_t next_ms() const { return full_at_ms_ - (kBurst - 1) * kPauseMs; }
    void spend(std::int64_t now_ms) { full_at_ms_ = std::max(full_at_ms_, now_ms) + kPauseMs; }

private:
    std::int64_t full_at_ms_ = 0;  // when nothing of the burst is used any more
};

}  // namespace bh::life
