// How much a plugin may log: a burst, then so many lines a second; what is beyond is left out and counted, so that one
// plugin can't fill a disk or hide what the others say. Thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace bh::plugins {

class LogLimit {
public:
    static constexpr std::uint64_t kBurst = 500, kPerSecond = 50;

    struct Verdict {
        bool admitted = false;
        bool first_left_out = false;  // the burst is used up: worth a word
        std::uint64_t left_out = 0;   // with an admitted line: how many were left out since the last one
    };

    // `now_ns`: CLOCK_MONOTONIC.
    Verdict admit(std::uint64_t now_ns) {
        constexpr std::uint64_t kPause = 1'000'000'000 / kPerSecond;  // between lines, once the burst is used up
        const std::scoped_lock lock{mutex_};
        // The time at which the bucket is full again; each line moves it by one pause.
        const std::uint64_t full_at = std::max(full_at_, now_ns);
        if (full_at - now_ns > (kBurst - 1) * kPause) return {false, left_out_++ == 0, 0};
        full_at_ = full_at + kPause;
        Verdict verdict{true, false, left_out_};
        left_out_ = 0;
        return verdict;
    }

private:
    std::mutex mutex_;
    std::uint64_t full_at_ = 0, left_out_ = 0;
};

}  // namespace bh::plugins
