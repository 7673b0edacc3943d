// The promise [no-block] of <blockhost/plugin.h>, measured on a running host: a member that gives it returns in under
// 10 ms and does no I/O. Measured where the plugin's code runs, in this process or in its worker.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bh::worker {

// What the calling thread has used up. Plain values.
struct Spent {
    std::int64_t wall_ns = 0;  // CLOCK_MONOTONIC
    std::int64_t cpu_ns = 0;   // CLOCK_THREAD_CPUTIME_ID
    std::int64_t waits = 0;    // voluntary context switches: it waited for something (getrusage(2), ru_nvcsw)
};
Spent spent_so_far() noexcept;

// How many milliseconds a call took that broke the promise; 0: it kept it. A thread that was ready to run, and that a
// busy host kept from running, is not to blame: one that waited is, or that computed for that long itself.
std::uint32_t blocked_ms(const Spent& before, const Spent& after) noexcept;

// Runs `call` and gives what it returns, and into `ms` what blocked_ms() says of it.
template <class F>
auto measured(std::uint32_t& ms, F&& call) noexcept {
    const Spent before = spent_so_far();
    auto result = std::forward<F>(call)();
    ms = blocked_ms(before, spent_so_far());
    return result;
}

// The members of one instance that broke it. Thread-safe.
class Blocked {
public:
    struct Row {
        std::string member;
        std::uint64_t times = 0;
        std::uint32_t longest_ms = 0;
    };
    // True: this member did it for the first time.
    bool note(std::string_view member, std::uint32_t ms);
    [[nodiscard]] std::vector<Row> rows() const;  // by name

private:
    mutable std::mutex mutex_;
    std::map<std::string, Row, std::less<>> rows_;
};

// One sentence for a log: "parse_address took 25 ms ...".
std::string blocked_text(std::string_view member, std::uint32_t ms);

}  // namespace bh::worker
