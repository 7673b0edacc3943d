// How fast a worker may talk without being asked: what comes faster is left in its socket, so that a plugin that logs
// or wakes in a loop waits by itself instead of keeping a thread of the kernel busy. One thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace bh::worker {

class Pace {
public:
    static constexpr std::uint64_t kBurst = 1000, kPerSecond = 1000;

    // Counts one event. How long to wait before the next one is read, in nanoseconds; 0 = not at all.
    // `now_ns`: CLOCK_MONOTONIC.
    std::uint64_t wait_ns(std::uint64_t now_ns) {
        constexpr std::uint64_t kEach = 1'000'000'000 / kPerSecond;
        full_at_ns_ = std::max(full_at_ns_, now_ns) + kEach;
        const std::uint64_t room = kBurst * kEach, used = full_at_ns_ - now_ns;
        return used > room ? used - room : 0;
    }

private:
    std::uint64_t full_at_ns_ = 0;  // when nothing of the burst is used any more
};

}  // namespace bh::worker
