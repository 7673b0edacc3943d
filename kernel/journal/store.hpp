// The plugins' key-value store (blockhost/svc/store.h): what a backend can't keep itself. One name space per instance.
#pragma once

#include "kernel/journal/journal.hpp"

namespace bh::life {

inline constexpr std::size_t kStoreMaxKey = 128;
inline constexpr std::size_t kStoreMaxTotal = std::size_t{1024} * 1024;  // keys and values of one instance together

struct StoreEntry {
    std::string key;
    Bytes value;  // empty: removes the key
};

Result<Bytes> store_get(Journal& journal, const std::string& instance, const std::string& key);  // or BH_E_NOT_FOUND
// All or none.
Status store_put(Journal& journal, const std::string& instance, const std::vector<StoreEntry>& entries);

struct StoreKeys {
    std::vector<std::string> keys;
    std::string next;  // page token, "" = that was all
};
Result<StoreKeys> store_list(Journal& journal, const std::string& instance, const std::string& prefix,
                             const std::string& page);

}  // namespace bh::life
