#include "kernel/worker/no_block.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>

namespace bh::worker {
namespace {

constexpr std::int64_t kNsPerS = 1'000'000'000, kNsPerMs = 1'000'000;
constexpr std::int64_t kPromised = 10 * kNsPerMs;

std::int64_t read_clock(clockid_t which) noexcept {
    timespec time{};
    ::clock_gettime(which, &time);
    return time.tv_sec * kNsPerS + time.tv_nsec;
}

}  // namespace

Spent spent_so_far() noexcept {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return {read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_THREAD_CPUTIME_ID), usage.ru_nvcsw};
}

std::uint32_t blocked_ms(const Spent& before, const Spent& after) noexcept {
    const std::int64_t took = after.wall_ns - before.wall_ns;
    const bool own_doing = after.waits != before.waits || after.cpu_ns - before.cpu_ns >= kPromised;
    if (took < kPromised || !own_doing) return 0;
    return static_cast<std::uint32_t>(std::min<std::int64_t>(took / kNsPerMs, UINT32_MAX));
}

bool Blocked::note(std::string_view member, std::uint32_t ms) {
    const std::scoped_lock lock{mutex_};
    auto found = rows_.find(member);
    if (found == rows_.end()) found = rows_.emplace(member, Row{std::string{member}}).first;
    Row& row = found->second;
    row.longest_ms = std::max(row.longest_ms, ms);
    return ++row.times == 1;
}

std::vector<Blocked::Row> Blocked::rows() const {
    const std::scoped_lock lock{mutex_};
    std::vector<Row> all;
    all.reserve(rows_.size());
    for (const auto& [name, row] : rows_) all.push_back(row);
    return all;
}

std::string blocked_text(std::string_view member, std::uint32_t ms) {
    return std::string{member} + " took " + std::to_string(ms) +
           " ms, and promises to return in under 10 ms without any I/O (no-block); whoever calls it waits";
}

}  // namespace bh::worker
