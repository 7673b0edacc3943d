#include "kernel/journal/journal.hpp"

#include "kernel/journal/database.hpp"

#include <sqlite3.h>

namespace bh::life {
namespace {

Failure failure_of(const SQLite::Exception& error) {
    switch (error.getErrorCode() & 0xff) {
        case SQLITE_FULL:
            return {BH_E_EXHAUSTED, "disk_full",
                    "the journal can't be written, its disk is full: make room; nothing was changed", 0};
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
            return {BH_E_UNAVAILABLE, "journal_io",
                    std::string{"the journal can't be read or written ("} + error.what() +
                        "): check its disk and permissions; nothing was changed",
                    0};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {
                BH_E_CORRUPT, "journal_damaged",
                std::string{"the journal is damaged ("} + error.what() + "): put it aside and run `blockhost recover`",
                0};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {BH_E_BUSY, "journal_busy",
                    "the journal is locked by another process: is a second blockhostd running?", 0};
        default:
            return {BH_E_INTERNAL, "journal_error", std::string{"the journal refused a statement: "} + error.what(), 0};
    }
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, Now now) {
    try {
        auto db = std::make_unique<Database>(path);
        return std::unique_ptr<Journal>{new Journal{std::move(db), std::move(now)}};
    } catch (const SQLite::Exception& error) {
        return failure_of(error).within(path);
    } catch (const UnknownWord& error) {
        return Failure{BH_E_CORRUPT, "journal_unknown", path + ": " + error.what(), 0};
    }
}

Journal::Journal(std::unique_ptr<Database> db, Now now) : db_{std::move(db)}, now_{std::move(now)} {}
Journal::~Journal() = default;

void Journal::set_hooks(Hook before_commit, Hook after_commit) {
    before_commit_ = std::move(before_commit);
    after_commit_ = std::move(after_commit);
}

void Journal::set_on_trouble(OnTrouble told) {
    const std::lock_guard lock{mutex_};
    on_trouble_ = std::move(told);
}

void Journal::note(const Status& written) {
    const std::string reason = written ? std::string{} : written.failure().reason;
    if (reason == trouble_) return;
    trouble_ = reason;
    if (on_trouble_) on_trouble_(written);
}

void Journal::fail_commits(int count) noexcept {
    const std::lock_guard lock{mutex_};
    failing_ = count;
}

std::vector<std::string> Journal::take_scans() {
    const std::lock_guard lock{mutex_};
    return db_->take_scans();
}

std::uint64_t Journal::take_steps() {
    const std::lock_guard lock{mutex_};
    return db_->take_steps();
}

Status Journal::write(const std::string& name, const Body& body) { return run(name, body, true); }
Status Journal::read(const Body& body) { return run({}, body, false); }

Status Journal::run(const std::string& name, const Body& body, bool keep) {
    const std::lock_guard lock{mutex_};
    bool open = false;
    Status answer;
    try {
        db_->execute(keep ? "BEGIN IMMEDIATE" : "BEGIN");
        open = true;
        Tx tx{*db_, now_()};
        answer = body(tx);
        if (answer && keep && failing_ > 0) {
            --failing_;
            throw SQLite::Exception{"injected", SQLITE_FULL};
        }
        if (answer && keep) {
            if (before_commit_ && !name.empty()) before_commit_(name);
            db_->end_reads();
            db_->execute("COMMIT");
            open = false;
            note({});
            if (after_commit_ && !name.empty()) after_commit_(name);
        }
    } catch (const SQLite::Exception& error) {
        answer = failure_of(error);
        if (keep) note(answer);
    } catch (const UnknownWord& error) {
        answer = Failure{BH_E_CORRUPT, "journal_unknown", error.what(), 0};
    }
    if (open) {
        // SQLite may have rolled back by itself (a full disk does that): then there is nothing left to do.
        try {
            db_->end_reads();
            db_->execute("ROLLBACK");
        } catch (const SQLite::Exception&) {
            return answer;
        }
    }
    return answer;
}

}  // namespace bh::life
