#include "plugins/chain-evm/rpc/score.hpp"

#include <algorithm>
#include <chrono>

namespace bh::evm {
namespace {

constexpr std::int64_t kFirstRestMs = 500;
constexpr std::int64_t kLongestRestMs = 60'000;
constexpr std::int64_t kRateLimitRestMs = 5'000;
constexpr std::int64_t kFirstDoubtMs = 600'000;
constexpr std::int64_t kLongestDoubtMs = 86'400'000;
constexpr std::uint64_t kBehindBlocks = 2;  // further below the agreed head than that is not the network's delay
constexpr std::uint32_t kMaxDoublings = 20;

const char* name_of(Caught what) {
    switch (what) {
        case Caught::empty_answer:
            return "empty_answer";
        case Caught::omitted_log:
            return "omitted_log";
        case Caught::added_log:
            return "added_log";
        case Caught::altered_log:
            return "altered_log";
        case Caught::forged_header:
            return "forged_header";
        case Caught::delayed_log:
            return "delayed_log";
        case Caught::other_branch:
            return "other_branch";
        case Caught::other_answer:
            return "other_answer";
        case Caught::went_back:
            return "went_back";
        case Caught::wrong_chain:
            return "wrong_chain";
    }
    return "";
}

std::int64_t doubled(std::int64_t first, std::uint32_t times, std::int64_t most) {
    return std::min(first << std::min(times, kMaxDoublings), most);
}

// Whether a failure says that the endpoint can't be used now; the others are about what was asked.
bool is_down(const std::string& reason) {
    return reason == "endpoint_down" || reason == "endpoint_timeout" || reason == "endpoint_refused" ||
           reason == "endpoint_garbage";
}

// Answers of a node that is all right.
bool is_answer(const std::string& reason) {
    return reason == "reverted" || reason == "method_missing" || reason == "too_many_logs" ||
           reason == "answer_too_large" || reason == "no_funds";
}

template <class Clock, class Unit>
std::int64_t count_of() {
    return std::chrono::duration_cast<Unit>(Clock::now().time_since_epoch()).count();
}

}  // namespace

Clocks system_clocks() {
    return {count_of<std::chrono::steady_clock, std::chrono::milliseconds>,
            count_of<std::chrono::system_clock, std::chrono::seconds>};
}

void Score::answered(std::int64_t took_ms) {
    const std::lock_guard lock{mutex_};
    const auto took = static_cast<std::uint32_t>(std::clamp<std::int64_t>(took_ms, 0, UINT32_MAX / 8));
    facts_.latency_ms = facts_.answers == 0 ? took : (3 * facts_.latency_ms + took) / 4;
    ++facts_.answers;
    failures_ = 0;
    rests_until_ms_ = 0;
    wrong_chain_ = false;
}

void Score::failed(const Failure& failure) {
    const std::lock_guard lock{mutex_};
    if (is_answer(failure.reason)) return;
    ++facts_.errors;
    facts_.last_error = failure.message;
    facts_.last_error_at = {clocks_.unix_s()};
    const std::int64_t asked_for = failure.retry_after_ms;
    const std::int64_t now = clocks_.steady_ms();
    if (failure.reason == "wrong_chain") {
        wrong_chain_ = true;
        if (!alone_) rests_until_ms_ = now + kLongestRestMs;
    } else if (failure.reason == "rate_limited") {
        const std::int64_t own = doubled(kRateLimitRestMs, failures_++, kLongestRestMs);
        rests_until_ms_ = now + (asked_for > 0 ? asked_for : alone_ ? 0 : own);
    } else if (is_down(failure.reason)) {
        // One failure is asked again at once: a connection that was kept open may have gone.
        const std::int64_t own = failures_ == 0 ? 0 : doubled(kFirstRestMs, failures_ - 1, kLongestRestMs);
        ++failures_;
        if (!alone_ || asked_for > 0) rests_until_ms_ = now + std::max(own, asked_for);
    } else {
        return;
    }
    rest_reason_ = failure.reason;
}

void Score::caught(Caught what, std::uint64_t height) {
    const std::lock_guard lock{mutex_};
    const std::string name = name_of(what);
    auto row = std::ranges::find(facts_.caught, name, &ChainEndpoint::Caught::what);
    if (row == facts_.caught.end()) row = facts_.caught.insert(row, {name, 0, {}, 0});
    ++row->count;
    row->last_at = {clocks_.unix_s()};
    row->height = height;
    if (what > Caught::forged_header) return;
    doubted_until_ms_ = clocks_.steady_ms() + doubled(kFirstDoubtMs, lies_++, kLongestDoubtMs);
}

void Score::has_head(const Position& head) {
    bool back = false;
    {
        const std::lock_guard lock{mutex_};
        back = facts_.head.known() && head.height < facts_.head.height;
        facts_.head = head;
    }
    if (back) caught(Caught::went_back, head.height);
}

void Score::agreed_head(std::uint64_t height) {
    const std::lock_guard lock{mutex_};
    facts_.lag = facts_.head.known() && height > facts_.head.height ? height - facts_.head.height : 0;
}

void Score::late(bool on) {
    const std::lock_guard lock{mutex_};
    owed_ = on ? owed_ + 1 : owed_ - 1;
}

std::optional<Failure> Score::rests(const std::string& name) const {
    const std::lock_guard lock{mutex_};
    const std::int64_t left = rests_until_ms_ - clocks_.steady_ms();
    if (left <= 0) return std::nullopt;
    return Failure{BH_E_UNAVAILABLE, rest_reason_,
                   "the endpoint " + name + " is left alone for another " + std::to_string((left + 999) / 1000) +
                       " s: " + facts_.last_error,
                   static_cast<std::uint32_t>(left)};
}

bool Score::believed() const {
    const std::lock_guard lock{mutex_};
    return alone_ || doubted_until_ms_ <= clocks_.steady_ms();
}

bool Score::owes() const {
    const std::lock_guard lock{mutex_};
    return owed_ > 0;
}

std::string Score::state(std::int64_t now) const {
    if (wrong_chain_) return "wrong_chain";
    if (doubted_until_ms_ > now) return "distrusted";
    if (rests_until_ms_ > now) return "resting";
    if (owed_ > 0) return "slow";
    if (facts_.answers == 0) return facts_.errors > 0 ? "resting" : "unknown";
    if (failures_ > 0) return "resting";
    return facts_.lag > kBehindBlocks ? "behind" : "ok";
}

ChainEndpoint Score::view(const std::string& name, bool votes) const {
    const std::lock_guard lock{mutex_};
    const std::int64_t now = clocks_.steady_ms();
    ChainEndpoint out = facts_;
    out.name = name;
    out.votes = votes;
    out.state = state(now);
    const std::int64_t left = std::max(rests_until_ms_, doubted_until_ms_) - now;
    if (left > 0) out.rests_until = {clocks_.unix_s() + (left + 999) / 1000};
    return out;
}

}  // namespace bh::evm
