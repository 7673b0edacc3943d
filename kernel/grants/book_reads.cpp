// What the book says of a grant, now or at a block; book.cpp is the file and what is written to it.
#include "kernel/grants/book.hpp"

#include <algorithm>

namespace bh::grants {
namespace {

constexpr std::uint64_t kDay = 86'400;

std::int64_t after_days(std::int64_t from, std::uint64_t days) {
    return days == 0 ? kNever.seconds : from + static_cast<std::int64_t>(days * kDay);
}

}  // namespace

std::optional<Grant> Book::grant_at(const std::string& id, std::uint64_t height) const {
    std::optional<Grant> grant;
    for (const Record& each : records_) {
        if (each.height > height) break;
        if (each.id != id) continue;
        const auto at = static_cast<std::int64_t>(each.height);
        const auto ends = [&](std::int64_t seconds) {
            grant->expires_at = {seconds};
            const bool never = seconds == kNever.seconds;
            grant->grace_ends = {never ? seconds : seconds + static_cast<std::int64_t>(grant->wish.grace_days * kDay)};
        };
        if (each.what == "granted") {
            grant.emplace();
            grant->id = id, grant->order = grant->tx = each.hash;
            grant->wish = {each.owner, each.request, each.resources, each.days, each.grace_days, each.note, each.op};
            grant->granted = {at}, grant->window_ends = {at + static_cast<std::int64_t>(kWindowS)};
        } else if (!grant) {
            continue;
        } else if (each.what == "delivered") {
            grant->delivered = true, grant->sealed = each.sealed;
            ends(after_days(at, grant->wish.days));
        } else if (each.what == "declined") {
            grant->declined = true, grant->reason = each.reason;
        } else if (each.what == "extended") {
            grant->wish.days = each.days;
            ends(after_days(std::max(grant->expires_at.seconds, at), each.days));
        } else if (each.what == "cancelled") {
            grant->cancelled = true;
            ends(std::min(grant->expires_at.seconds, at));
        } else if (each.what == "resealed") {
            grant->sealed = each.sealed;
        } else if (each.what == "closed") {
            grant->closed = true;
        } else if (each.what == "burned") {
            grant->burned = true;
        }
    }
    return grant;
}

std::vector<Grant> Book::list() {
    const std::lock_guard lock{mutex_};
    std::vector<Grant> all;
    for (const Record& each : records_) {
        if (each.what == "granted") all.push_back(*grant_at(each.id, UINT64_MAX));
    }
    return all;
}

std::optional<Grant> Book::find(const std::string& id) {
    const std::lock_guard lock{mutex_};
    return grant_at(id, UINT64_MAX);
}

Book::Part Book::read(std::size_t from, std::uint64_t seen) {
    const std::lock_guard lock{mutex_};
    told_ = std::max(told_, seen);
    told_ = head_height();
    read_ = true;
    const auto first = records_.begin() + static_cast<std::ptrdiff_t>(std::min(from, records_.size()));
    return {{first, records_.end()}, block_at(told_)};
}

bool Book::agrees(std::size_t count, const std::string& hash) {
    const std::lock_guard lock{mutex_};
    return count == 0 || (count <= records_.size() && records_[count - 1].hash == hash);
}

Block Book::first() {
    const std::lock_guard lock{mutex_};
    return block_at(records_.front().height);
}

Result<Book::At> Book::at(const std::string& id, const Position& position) {
    const std::lock_guard lock{mutex_};
    const std::uint64_t height = position.known() ? position.height : head_height();
    if (height < records_.front().height || height > head_height() ||
        (position.known() && block_at(height).position.id != position.id)) {
        return Failure{BH_E_UNAVAILABLE, "no_such_block", "the book of granted VMs has no such block", 0};
    }
    return At{grant_at(id, height), block_at(height)};
}

}  // namespace bh::grants
