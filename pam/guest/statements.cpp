#include "pam/guest/statements.hpp"

#include "pam/guest/files.hpp"
#include "plugin-api/formats/rules.hpp"

#include <algorithm>

namespace bh::guest {
namespace {

constexpr std::size_t kMaxStored = 16 * 1024;
// The mark is written at most this often: a disk write per login attempt would be a gift to whoever floods.
constexpr std::int64_t kMarkStepSeconds = 60;

Result<formats::OwnerStatement> verify(const FirstBoot& anchors, std::string_view text) {
    Result<formats::OwnerStatement> statement = formats::verify_owner_statement(text, anchors.statement_key);
    if (!statement) {
        Failure failure = statement.failure();
        if (failure.code == BH_E_DENIED) failure.reason = "bad_signature";
        return failure;
    }
    const auto differs = [](const char* field) {
        return invalid("wrong_vm",
                       std::string{"the statement's "} + field + " is not that of this VM's first-boot data");
    };
    if (statement->chain != anchors.chain) return differs("chain");
    if (statement->contract != anchors.contract) return differs("contract");
    if (statement->token != anchors.token) return differs("token");
    if (statement->vm != anchors.vm) return differs("vm");
    return statement;
}

// The mark of another statement counts for nothing: a newer statement is the host's newer word about the time.
std::optional<std::int64_t> read_mark(const Places& places, std::uint64_t sequence) {
    const Result<std::string> text = read_file(places.clock(), 64);
    if (!text) return std::nullopt;
    const auto space = text->find(' ');
    const auto end = text->find('\n');
    if (space == std::string::npos || end == std::string::npos || end < space) return std::nullopt;
    if (formats::parse_decimal(text->substr(0, space)) != sequence) return std::nullopt;
    const auto seconds = formats::parse_decimal(text->substr(space + 1, end - space - 1), INT64_MAX);
    if (!seconds) return std::nullopt;
    return static_cast<std::int64_t>(*seconds);
}

}  // namespace

Result<FirstBoot> load_first_boot(const Places& places) {
    const Result<std::string> text = read_file(places.first_boot(), kMaxStored);
    if (!text) return text.failure();
    return parse_stored_first_boot(*text);
}

Result<formats::OwnerStatement> load_statement(const Places& places, const FirstBoot& anchors) {
    const Result<std::string> text = read_file(places.statement(), formats::kMaxOwnerStatement);
    if (!text) return text.failure();
    return verify(anchors, *text);
}

Result<std::uint64_t> accept_statement(const Places& places, const FirstBoot& anchors, std::string_view text) {
    const Result<formats::OwnerStatement> fresh = verify(anchors, text);
    if (!fresh) return fresh.failure();
    const auto not_stored = [](const Failure& failure) {
        return Failure{BH_E_UNAVAILABLE, "not_stored", "the statement could not be stored: " + failure.message};
    };
    const Result<FileLock> lock = FileLock::take(places.statement_lock());
    if (!lock) return not_stored(lock.failure());
    // A stored one that is damaged or of other anchors counts for nothing: its number is not the host's word.
    const Result<formats::OwnerStatement> held = load_statement(places, anchors);
    if (held && held->sequence >= fresh->sequence) return held->sequence;
    if (const Status stored = replace_file(places.statement(), text, 0600); !stored)
        return not_stored(stored.failure());
    return fresh->sequence;
}

std::int64_t latest_time(const Places& places, const formats::OwnerStatement& statement, std::int64_t system_now) {
    const std::int64_t mark = read_mark(places, statement.sequence).value_or(0);
    const std::int64_t now = std::max({system_now, statement.issued, mark});
    if (now >= mark + kMarkStepSeconds) {
        const std::string line = std::to_string(statement.sequence) + " " + std::to_string(now) + "\n";
        // If it can't be written (a full disk), the login must still work.
        static_cast<void>(replace_file(places.clock(), line, 0600));
    }
    return now;
}

}  // namespace bh::guest
