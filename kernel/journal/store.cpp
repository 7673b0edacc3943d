#include "kernel/journal/store.hpp"

#include "kernel/journal/database.hpp"

#include <algorithm>
#include <set>

namespace bh::life {
namespace {

constexpr std::uint32_t kPageSize = 500;

bool key_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '/' || c == '-';
}

Status check_key(const std::string& key) {
    if (!key.empty() && key.size() <= kStoreMaxKey && std::all_of(key.begin(), key.end(), key_char)) return {};
    return invalid("store_key", "a key of the store has 1 to 128 characters of a-z 0-9 . _ / -");
}

Status check_entries(const std::vector<StoreEntry>& entries) {
    std::set<std::string_view> names;
    for (const auto& entry : entries) {
        if (auto ok = check_key(entry.key); !ok) return ok;
        if (!names.insert(entry.key).second) return invalid("store_key", "the key '" + entry.key + "' is given twice");
    }
    return {};
}

}  // namespace

Result<Bytes> store_get(Journal& journal, const std::string& instance, const std::string& key) {
    if (auto ok = check_key(key); !ok) return ok.failure();
    std::optional<Bytes> value;
    const auto read = journal.read([&](Tx& tx) -> Status {
        auto& s = bound(tx.db(), "SELECT value FROM store WHERE instance = ? AND key = ?", instance, key);
        if (s.executeStep()) column::read(s, 0, value.emplace());
        return {};
    });
    if (!read) return read.failure();
    if (!value) return Failure{BH_E_NOT_FOUND, "no_such_key", "the store has no key '" + key + "'", 0};
    return std::move(*value);
}

Status store_put(Journal& journal, const std::string& instance, const std::vector<StoreEntry>& entries) {
    if (auto ok = check_entries(entries); !ok) return ok;
    return journal.write("store", [&](Tx& tx) -> Status {
        for (const auto& entry : entries) {
            if (entry.value.empty()) {
                change(tx.db(), "DELETE FROM store WHERE instance = ? AND key = ?", instance, entry.key);
            } else {
                change(tx.db(), "INSERT OR REPLACE INTO store(instance, key, value) VALUES(?, ?, ?)", instance,
                       entry.key, entry.value);
            }
        }
        auto& s = bound(tx.db(), "SELECT coalesce(sum(length(key) + length(value)), 0) FROM store WHERE instance = ?",
                        instance);
        s.executeStep();
        if (s.getColumn(0).getInt64() <= static_cast<std::int64_t>(kStoreMaxTotal)) return {};
        return Failure{BH_E_EXHAUSTED, "store_full", "the store of '" + instance + "' holds at most 1 MiB", 0};
    });
}

Result<StoreKeys> store_list(Journal& journal, const std::string& instance, const std::string& prefix,
                             const std::string& page) {
    if (!prefix.empty()) {
        if (auto ok = check_key(prefix); !ok) return ok.failure();
    }
    StoreKeys answer;
    const auto read = journal.read([&](Tx& tx) -> Status {
        // '~' is above every character of a key.
        auto& s =
            bound(tx.db(),
                  "SELECT key FROM store WHERE instance = ? AND key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?",
                  instance, prefix, prefix + "~", page, kPageSize);
        while (s.executeStep()) answer.keys.push_back(s.getColumn(0).getString());
        return {};
    });
    if (!read) return read.failure();
    if (answer.keys.size() == kPageSize) answer.next = answer.keys.back();
    return answer;
}

}  // namespace bh::life
