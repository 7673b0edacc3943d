#include "pam/module/failures.hpp"

#include "pam/guest/files.hpp"
#include "plugin-api/formats/rules.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <vector>

namespace bh::guest {
namespace {

struct Entry {
    std::int64_t at;
    std::string source;
};
constexpr std::size_t kMaxFile = kMaxFailureLines * 128;

// Entries of the window; what is in the future (the clock was set back) is dropped, too.
std::vector<Entry> read_entries(const std::string& path, std::int64_t now) {
    std::vector<Entry> entries;
    const Result<std::string> text = read_file(path, kMaxFile);
    if (!text) return entries;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const auto space = line.find(' ');
        if (space == std::string_view::npos) continue;
        const auto at = formats::parse_decimal(line.substr(0, space), INT64_MAX);
        if (!at) continue;
        const auto when = static_cast<std::int64_t>(*at);
        if (when <= now && now - when < kFailureWindowSeconds)
            entries.push_back({when, std::string{line.substr(space + 1)}});
    }
    return entries;
}

}  // namespace

std::string failure_source(std::string_view client) {
    std::array<unsigned char, 16> bytes{};
    if (::inet_pton(AF_INET6, std::string{client}.c_str(), bytes.data()) != 1) return std::string{client.substr(0, 64)};
    std::fill(bytes.begin() + 8, bytes.end(), 0);
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
    return text.data();
}

Status Failures::allow(std::string_view client, std::int64_t now) const {
    const Result<FileLock> lock = FileLock::take(places_.run_lock());
    if (!lock) return {};
    const std::string source = failure_source(client);
    std::vector<std::int64_t> times;
    for (const Entry& entry : read_entries(places_.failures(), now)) {
        if (entry.source == source) times.push_back(entry.at);
    }
    if (times.size() < kMaxFailures) return {};
    const std::int64_t wait = times[times.size() - kMaxFailures] + kFailureWindowSeconds - now;
    return Failure{
        BH_E_BUSY, "too_many_failures",
        "Too many logins from your network failed. Try again in " + std::to_string((wait + 59) / 60) + " minutes."};
}

Status Failures::record(std::string_view client, std::int64_t now) {
    const Result<FileLock> lock = FileLock::take(places_.run_lock());
    if (!lock) return lock.failure();
    std::vector<Entry> entries = read_entries(places_.failures(), now);
    entries.push_back({now, failure_source(client)});
    if (entries.size() > kMaxFailureLines) entries.erase(entries.begin(), entries.end() - kMaxFailureLines);
    std::string text;
    for (const Entry& entry : entries) text += std::to_string(entry.at) + " " + entry.source + "\n";
    return replace_file(places_.failures(), text, 0600);
}

}  // namespace bh::guest
