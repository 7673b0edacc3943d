#include "pam/module/challenges.hpp"

#include "pam/guest/files.hpp"

#include <algorithm>
#include <vector>

namespace bh::guest {
namespace {

// A line: 'n' (new) or 'u' (used), and the digest in hex.
struct Entry {
    Shown state;
    crypto::Hash256 digest;
};
constexpr std::size_t kLine = 1 + 64 + 1;

std::vector<Entry> read_entries(const std::string& path) {
    std::vector<Entry> entries;
    const Result<std::string> text = read_file(path, kLine * kRememberedChallenges);
    if (!text) return entries;
    for (std::size_t at = 0; at + kLine <= text->size(); at += kLine) {
        const Result<Bytes> digest = crypto::parse_hex(std::string_view{*text}.substr(at + 1, 64));
        if (!digest) return entries;
        Entry entry{(*text)[at] == 'u' ? Shown::kUsed : Shown::kUnused, {}};
        std::ranges::copy(*digest, entry.digest.begin());
        entries.push_back(entry);
    }
    return entries;
}

Status write_entries(const std::string& path, const std::vector<Entry>& entries) {
    std::string text;
    const std::size_t skip = entries.size() > kRememberedChallenges ? entries.size() - kRememberedChallenges : 0;
    for (std::size_t i = skip; i < entries.size(); ++i) {
        text += entries[i].state == Shown::kUsed ? 'u' : 'n';
        text += crypto::hex(entries[i].digest) + "\n";
    }
    return replace_file(path, text, 0600);
}

}  // namespace

Status Challenges::remember(const crypto::Hash256& digest) {
    const Result<FileLock> lock = FileLock::take(places_.run_lock());
    if (!lock) return lock.failure();
    std::vector<Entry> entries = read_entries(places_.challenges());
    entries.push_back({Shown::kUnused, digest});
    return write_entries(places_.challenges(), entries);
}

Result<bool> Challenges::use(const crypto::Hash256& digest) {
    const Result<FileLock> lock = FileLock::take(places_.run_lock());
    if (!lock) return lock.failure();
    std::vector<Entry> entries = read_entries(places_.challenges());
    const auto found = std::ranges::find(entries, digest, &Entry::digest);
    if (found != entries.end() && found->state == Shown::kUsed) return false;
    // One that was crowded out is good: its nonce is the caller's own, and a flood must not keep the owner out.
    if (found != entries.end()) entries.erase(found);
    entries.push_back({Shown::kUsed, digest});
    if (const Status written = write_entries(places_.challenges(), entries); !written) return written.failure();
    return true;
}

Result<std::optional<Shown>> Challenges::find(const crypto::Signature& signature,
                                              const crypto::Address& address) const {
    const Result<FileLock> lock = FileLock::take(places_.run_lock());
    if (!lock) return lock.failure();
    for (const Entry& entry : read_entries(places_.challenges())) {
        const Result<crypto::PublicKey> key = crypto::recover(signature, entry.digest);
        if (key && crypto::Address::of(*key) == address) return std::optional{entry.state};
    }
    return std::optional<Shown>{};
}

}  // namespace bh::guest
