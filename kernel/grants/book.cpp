#include "kernel/grants/book.hpp"

#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/documents/json.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

namespace bh::grants {
namespace {

using nlohmann::json;

constexpr std::uint64_t kDay = 86'400;
constexpr std::uint64_t kTick = 10;  // a block at least so often, in seconds, while somebody has a VM
constexpr std::int64_t kMsPerSecond = 1000, kNsPerMs = 1'000'000;
constexpr std::size_t kMaxNote = 200, kMaxRequest = 1024;
constexpr const char* kFormat = "blockhost-grants-1";

Failure unusable(const std::string& path, const std::string& why) {
    return {BH_E_UNAVAILABLE, "grants_file", "the book of granted VMs " + path + " can't be used: " + why, 0};
}
Failure reverted(const std::string& why) { return {BH_E_CONFLICT, "reverted", why, 0}; }

// What a plugin says of a failure may be cut in the middle of a letter.
std::string text_of(const json& line) { return line.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string digest_of(const std::string& text) { return crypto::hex0x(crypto::sha256(crypto::bytes_of(text))); }

std::string text_at(const json& line, const char* name) {
    const auto found = line.find(name);
    return found != line.end() && found->is_string() ? found->get<std::string>() : std::string{};
}
std::uint64_t number_at(const json& line, const char* name) {
    const auto found = line.find(name);
    return found != line.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}
Bytes bytes_at(const json& line, const char* name) {
    const std::string text = text_at(line, name);
    auto bytes = text.empty() ? Result<Bytes>{Bytes{}} : crypto::parse_hex(text);
    return bytes ? std::move(*bytes) : Bytes{};
}

std::int64_t after_days(std::int64_t from, std::uint64_t days) {
    return days == 0 ? kNever.seconds : from + static_cast<std::int64_t>(days * kDay);
}

}  // namespace

Book::Book(int fd, std::string path, life::Clock& clock)
    : fd_{fd},
      path_{std::move(path)},
      clock_{clock},
      base_ms_{clock.unix_ms() - static_cast<std::int64_t>(clock.monotonic_ns() / kNsPerMs)} {}

Book::~Book() { ::close(fd_); }

Result<std::unique_ptr<Book>> Book::open(const std::string& path, life::Clock& clock) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return unusable(path, std::strerror(errno));
    std::unique_ptr<Book> book{new Book{fd, path, clock}};
    struct stat info{};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return unusable(path, "it must be a regular file");
    if (auto loaded = book->load(); !loaded) return loaded.failure();
    if (book->records_.empty()) {
        if (auto begun = book->begin(); !begun) return begun.failure();
    }
    return book;
}

Status Book::load() {
    std::string all;
    char part[65'536];
    for (;;) {
        const ssize_t got = ::pread(fd_, part, sizeof part, static_cast<off_t>(all.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return unusable(path_, std::strerror(errno));
        if (got == 0) break;
        all.append(part, static_cast<std::size_t>(got));
    }
    // Half a line is one that a crash left: nobody was told that it is there.
    const std::size_t whole = all.rfind('\n') == std::string::npos ? 0 : all.rfind('\n') + 1;
    if (whole != all.size() && ::ftruncate(fd_, static_cast<off_t>(whole)) != 0)
        return unusable(path_, std::strerror(errno));
    for (std::size_t at = 0; at < whole;) {
        const std::size_t end = all.find('\n', at);
        auto record = parse(all.substr(at, end - at), records_.empty() ? "" : records_.back().hash);
        const std::string number = std::to_string(records_.size() + 1);
        if (!record) return record.failure().within(path_ + ": line " + number);
        if (records_.empty()) {
            const auto first = json::parse(all.substr(at, end - at), nullptr, false);
            chain_ = text_at(first, "chain"), contract_ = text_at(first, "contract");
            if (text_at(first, "format") != kFormat || chain_.empty() || contract_.empty())
                return unusable(path_, "its first line does not say " + std::string{kFormat});
        } else if (record->height <= records_.back().height) {
            return Failure{BH_E_CORRUPT, "grants_book", path_ + ": line " + number + " is older than the one before",
                           0};
        }
        records_.push_back(std::move(*record));
        at = end + 1;
    }
    return {};
}

Status Book::begin() {
    const Bytes random = crypto::random_bytes(28);
    std::uint64_t number = 0;
    std::memcpy(&number, random.data(), sizeof number);
    // Between what chains use and what JavaScript holds exactly; a number that is nobody's, so that no signature and no
    // statement for a granted VM fits anything else.
    constexpr std::uint64_t kLowest = std::uint64_t{1} << 52;
    chain_ = "eip155:" + std::to_string(kLowest + number % kLowest);
    crypto::Address address;
    std::copy(random.begin() + sizeof number, random.end(), address.bytes.begin());
    contract_ = address.text();
    auto written = append({{"format", kFormat}, {"what", "begun"}, {"chain", chain_}, {"contract", contract_}});
    if (!written) return written.failure();
    return {};
}

Result<Record> Book::parse(const std::string& line, const std::string& previous) {
    const Failure broken{BH_E_CORRUPT, "grants_book",
                         "is not what was written: put the file back from a copy, or find out who changed it", 0};
    auto object = json::parse(line, nullptr, false);
    if (!object.is_object()) return broken;
    Record record;
    record.hash = text_at(object, "hash");
    object.erase("hash");
    if (record.hash != digest_of(text_of(object)) || text_at(object, "previous") != previous) return broken;
    record.height = number_at(object, "at"), record.what = text_at(object, "what"), record.id = text_at(object, "id");
    record.op = text_at(object, "op"), record.owner = text_at(object, "owner"),
    record.reason = text_at(object, "reason");
    record.resources = text_at(object, "resources"), record.note = text_at(object, "note");
    record.request = bytes_at(object, "request"), record.sealed = bytes_at(object, "sealed");
    record.days = number_at(object, "days"), record.grace_days = number_at(object, "grace_days");
    return record;
}

Result<Record> Book::append(json line) {
    if (broken_) return unusable(path_, "a line could not be taken back: restart blockhostd");
    // A reader's next block must be above all that it was told, whatever the clock says.
    const std::uint64_t above = std::max(told_, records_.empty() ? 0 : records_.back().height);
    line["at"] = std::max(now_s(), above + 1);
    line["previous"] = records_.empty() ? "" : records_.back().hash;
    line["hash"] = digest_of(text_of(line));
    const std::string text = text_of(line) + "\n";
    auto record = parse(text.substr(0, text.size() - 1), line["previous"].get<std::string>());
    if (!record) return record;
    const off_t before = ::lseek(fd_, 0, SEEK_END);
    if (before < 0) return unusable(path_, std::strerror(errno));
    const ssize_t put = ::pwrite(fd_, text.data(), text.size(), before);
    const int error = put < 0 ? errno : ENOSPC;
    const bool whole = put == static_cast<ssize_t>(text.size());
    if (!whole || ::fdatasync(fd_) != 0) {
        const std::string why = std::strerror(whole ? errno : error);
        // What may or may not be on the disk must not be found there later.
        broken_ = ::ftruncate(fd_, before) != 0 || ::fdatasync(fd_) != 0;
        return unusable(path_, why);
    }
    records_.push_back(*record);
    return record;
}

// Time goes by the monotonic clock: a clock that is set while the daemon runs ends nobody's grant.
std::uint64_t Book::now_s() {
    const auto ms = base_ms_ + static_cast<std::int64_t>(clock_.monotonic_ns() / kNsPerMs);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0) / kMsPerSecond);
}

std::uint64_t Book::head_height() {
    std::uint64_t height = std::max(told_, records_.back().height);
    if (live() > 0) height = std::max(height, now_s() / kTick * kTick);
    return height;
}

Block Book::block_at(std::uint64_t height) const {
    const auto above = std::upper_bound(records_.begin(), records_.end(), height,
                                        [](std::uint64_t value, const Record& each) { return value < each.height; });
    const Record& newest = *std::prev(above);
    const std::string id =
        newest.height == height ? newest.hash : digest_of(newest.hash + ":" + std::to_string(height));
    return {{id, height}, {static_cast<std::int64_t>(height)}};
}

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

const Record* Book::caused_by(const std::string& op) const {
    const auto found = std::find_if(records_.begin(), records_.end(),
                                    [&op](const Record& each) { return !each.id.empty() && each.op == op; });
    return found == records_.end() ? nullptr : &*found;
}

std::uint64_t Book::live() {
    std::set<std::string> ids;
    for (const Record& each : records_) {
        if (each.what == "granted") ids.insert(each.id);
        if (each.what == "declined" || each.what == "burned") ids.erase(each.id);
    }
    return ids.size();
}

Result<Grant> Book::need(const std::string& id) {
    auto grant = grant_at(id, UINT64_MAX);
    if (!grant) return Failure{BH_E_NOT_FOUND, "no_grant", "there is no granted VM " + id.substr(0, 20), 0};
    if (!read_) {
        return Failure{BH_E_UNAVAILABLE, "not_read_yet", "the host has just started: try again in a moment", 1000};
    }
    return std::move(*grant);
}

Result<Grant> Book::grant(const Wish& wish, std::uint64_t most) {
    const std::lock_guard lock{mutex_};
    if (wish.nonce.empty() || wish.request.empty() || wish.request.size() > kMaxRequest || wish.days > kMaxDays ||
        wish.grace_days > kMaxDays || wish.note.size() > kMaxNote || !crypto::Address::parse(wish.owner)) {
        return invalid("bad_grant",
                       "a granted VM needs an owner's address, a sealed request of at most 1,024 bytes, at most 3,650 "
                       "days and grace days, and a note of at most 200 bytes");
    }
    if (const Record* known = caused_by(wish.nonce)) {
        auto grant = need(known->id);
        if (!grant) return grant;
        const Wish& was = grant->wish;
        if (known->what == "granted" && was.owner == wish.owner && was.resources == wish.resources) return grant;
        return Failure{BH_E_CONFLICT, "nonce_used", "this command's nonce was another command's", 0};
    }
    if (!read_) {
        return Failure{BH_E_UNAVAILABLE, "not_read_yet", "the host has just started: try again in a moment", 1000};
    }
    if (live() >= most) {
        return Failure{BH_E_EXHAUSTED, "granted_limit",
                       "there are " + std::to_string(live()) +
                           " granted VMs, and placement.max_granted of kernel.yaml is " + std::to_string(most),
                       0};
    }
    const auto count = static_cast<std::uint64_t>(
        std::count_if(records_.begin(), records_.end(), [](const Record& each) { return each.what == "granted"; }));
    const std::string id = std::to_string(kFirstNumber + count);
    const auto written = append({{"what", "granted"},
                                 {"id", id},
                                 {"op", wish.nonce},
                                 {"owner", wish.owner},
                                 {"request", crypto::hex0x(wish.request)},
                                 {"resources", wish.resources},
                                 {"days", wish.days},
                                 {"grace_days", wish.grace_days},
                                 {"note", wish.note}});
    if (!written) return written.failure();
    return need(id);
}

Result<Grant> Book::end(const std::string& id, const std::string& nonce) {
    const std::lock_guard lock{mutex_};
    const auto grant = need(id);
    if (!grant || grant->ended() || grant->cancelled || grant->closed) return grant;
    json line{{"what", grant->delivered ? "cancelled" : "declined"}, {"id", id}, {"op", nonce}};
    if (!grant->delivered) line["reason"] = "given up by the operator";
    if (const auto written = append(std::move(line)); !written) return written.failure();
    return need(id);
}

Result<Grant> Book::extend(const std::string& id, std::uint64_t days, const std::string& nonce) {
    const std::lock_guard lock{mutex_};
    const auto grant = need(id);
    if (!grant) return grant;
    if (const Record* known = caused_by(nonce)) {
        if (known->what == "extended" && known->id == id && known->days == days) return grant;
        return Failure{BH_E_CONFLICT, "nonce_used", "this command's nonce was another command's", 0};
    }
    if (days > kMaxDays) return invalid("bad_days", "a granted VM is extended by at most 3,650 days");
    if (!grant->delivered || grant->cancelled || grant->closed || grant->expires_at == kNever) {
        return Failure{BH_E_CONFLICT, "not_extendable",
                       grant->expires_at == kNever ? "this VM has no end that could be put off"
                                                   : "this VM is not delivered yet, or has ended",
                       0};
    }
    const auto written = append({{"what", "extended"}, {"id", id}, {"op", nonce}, {"days", days}});
    if (!written) return written.failure();
    return need(id);
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

Result<Record> Book::apply(const std::string& op_id, const Intent& intent) {
    const std::lock_guard lock{mutex_};
    if (const Record* known = caused_by(op_id)) return *known;
    const auto grant = need(intent.subscription);
    if (!grant) return grant.failure().code == BH_E_NOT_FOUND ? reverted("there is no such grant") : grant.failure();
    json line{{"id", intent.subscription}, {"op", op_id}};
    const bool waits = !grant->delivered && !grant->declined && grant->order == intent.order;
    if (intent.action == "deliver") {
        if (!waits) return reverted("this grant does not wait for its delivery");
        if (now_s() > static_cast<std::uint64_t>(intent.deadline.seconds)) return reverted("its window is over");
        line["what"] = "delivered", line["sealed"] = crypto::hex0x(intent.sealed);
        line["attestation_hash"] = crypto::hex0x(intent.attestation_hash);
    } else if (intent.action == "decline") {
        if (!waits) return reverted("this grant does not wait for its delivery");
        line["what"] = "declined", line["reason"] = intent.reason;
    } else if (intent.action == "close") {
        const bool over = grant->cancelled || static_cast<std::int64_t>(head_height()) >= grant->grace_ends.seconds;
        if (!grant->delivered || grant->closed || !over) return reverted("this grant is not over");
        line["what"] = "closed";
    } else if (intent.action == "burn") {
        if (!grant->closed || grant->burned) return reverted("this grant is not closed, or its end is written");
        line["what"] = "burned";
    } else if (intent.action == "update") {
        if (!grant->delivered || grant->closed || grant->wish.owner != intent.owner)
            return reverted("this grant is not delivered, is closed, or is another owner's");
        line["what"] = "resealed", line["sealed"] = crypto::hex0x(intent.sealed);
    } else {
        return Failure{BH_E_UNSUPPORTED, "no_such_call", "the book of granted VMs has no call " + intent.action, 0};
    }
    return append(std::move(line));
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
