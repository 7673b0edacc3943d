#include "kernel/journal/database.hpp"

#include "kernel/journal/schema.hpp"

#include <sqlite3.h>

namespace bh::life {
namespace {
constexpr int kBusyTimeoutMs = 5000;
constexpr int kPageBytes = 8192;  // of a new file: few rows are larger than half of it
// In the write-ahead log before it is copied to the file: a page that is written again and again, as after an outage,
// is copied once. What one long transaction needed beyond that is given back.
constexpr int kCheckpointBytes = 16 << 20;
}  // namespace

Database::Database(const std::string& path)
    : connection_{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs} {
    connection_.exec("PRAGMA page_size = " + std::to_string(kPageBytes));
    connection_.exec("PRAGMA journal_mode = WAL");
    connection_.exec("PRAGMA synchronous = FULL");
    const int page = connection_.execAndGet("PRAGMA page_size").getInt();
    connection_.exec("PRAGMA wal_autocheckpoint = " + std::to_string(kCheckpointBytes / page));
    connection_.exec("PRAGMA journal_size_limit = " + std::to_string(kCheckpointBytes));
    connection_.exec("PRAGMA foreign_keys = ON");
    migrate();
}

SQLite::Statement& Database::prepare(const std::string& sql) {
    auto& slot = statements_[sql];
    if (!slot) {
        try {
            slot = std::make_unique<SQLite::Statement>(connection_, sql);
        } catch (...) {
            statements_.erase(sql);
            throw;
        }
    }
    slot->reset();
    slot->clearBindings();
    return *slot;
}

void Database::end_reads() {
    sqlite3* handle = connection_.getHandle();
    for (sqlite3_stmt* each = sqlite3_next_stmt(handle, nullptr); each; each = sqlite3_next_stmt(handle, each)) {
        if (sqlite3_stmt_busy(each)) sqlite3_reset(each);
    }
}

std::vector<std::string> Database::take_scans() {
    std::vector<std::string> all;
    sqlite3* handle = connection_.getHandle();
    for (sqlite3_stmt* each = sqlite3_next_stmt(handle, nullptr); each; each = sqlite3_next_stmt(handle, each)) {
        if (sqlite3_stmt_status(each, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1) > 0) all.emplace_back(sqlite3_sql(each));
    }
    return all;
}

std::uint64_t Database::take_steps() {
    std::uint64_t all = 0;
    sqlite3* handle = connection_.getHandle();
    for (sqlite3_stmt* each = sqlite3_next_stmt(handle, nullptr); each; each = sqlite3_next_stmt(handle, each)) {
        all += static_cast<std::uint64_t>(sqlite3_stmt_status(each, SQLITE_STMTSTATUS_VM_STEP, 1));
    }
    return all;
}

void Database::migrate() {
    const auto all = migrations();
    const int version = connection_.execAndGet("PRAGMA user_version").getInt();
    if (version > static_cast<int>(all.size())) {
        throw UnknownWord{"the journal was written by a newer version of blockhostd (schema " +
                          std::to_string(version) +
                          "): install that version, or run `blockhost recover` with an empty database"};
    }
    for (std::size_t i = static_cast<std::size_t>(version); i < all.size(); ++i) {
        SQLite::Transaction step{connection_, SQLite::TransactionBehavior::IMMEDIATE};
        connection_.exec(all[i]);
        connection_.exec("PRAGMA user_version = " + std::to_string(i + 1));
        step.commit();
    }
}

}  // namespace bh::life
