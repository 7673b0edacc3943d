// The journal: one SQLite database (WAL, synchronous=FULL) that holds everything that must survive. Every step of the
// lifecycle is one write(): what we learnt and what we will do next.
//
// Any thread may call; transactions run one at a time on one connection. Inside a transaction the functions of Tx (see
// the other headers of this folder) may be used; they do not outlive it. An error, a full disk included, is a Failure
// and leaves the database as it was before.
#pragma once

#include "kernel/journal/rows.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace bh::life {

class Database;

// A transaction in progress. Passed by reference, never kept.
class Tx {
public:
    Tx(Database& db, std::int64_t now_ms) noexcept : db_{db}, now_ms_{now_ms} {}
    Tx(const Tx&) = delete;
    Tx& operator=(const Tx&) = delete;
    [[nodiscard]] Database& db() noexcept { return db_; }
    [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }

private:
    Database& db_;
    std::int64_t now_ms_;
};

class Journal {
public:
    using Body = std::function<Status(Tx&)>;
    using Now = std::function<std::int64_t()>;  // wall clock, milliseconds

    // `before_commit` is called with the transaction's name just before COMMIT and `after_commit` just after it.
    using Hook = std::function<void(const std::string& name)>;

    // Opens or makes the database and brings its schema up to date.
    static Result<std::unique_ptr<Journal>> open(const std::string& path, Now now);
    ~Journal();

    // Runs `body` in a transaction; commits if it returns ok, else rolls back.
    Status write(const Body& body) { return write({}, body); }
    Status write(const std::string& name, const Body& body);
    // The same for reading; changes are rolled back.
    Status read(const Body& body);

    void set_hooks(Hook before_commit, Hook after_commit);

    // Told when the file refuses to be written, once for each reason, and with ok when it can be written again. It may
    // not use the journal.
    using OnTrouble = std::function<void(const Status&)>;
    void set_on_trouble(OnTrouble told);

    // Nothing is written while the file system refuses: makes the next `count` commits fail as a full disk does.
    // For tests of what follows.
    void fail_commits(int count) noexcept;

    // Statements that read rows of a table without an index to find them, since the last call: what SQLite itself
    // counts (SQLITE_STMTSTATUS_FULLSCAN_STEP), not what a plan promises. For tests of the work per tick.
    std::vector<std::string> take_scans();

    // Steps of SQLite's machine since the last call (SQLITE_STMTSTATUS_VM_STEP): the work, whatever the clock says.
    std::uint64_t take_steps();

private:
    void note(const Status& written);
    Journal(std::unique_ptr<Database> db, Now now);
    Status run(const std::string& name, const Body& body, bool keep);

    std::mutex mutex_;
    std::unique_ptr<Database> db_;
    Now now_;
    Hook before_commit_, after_commit_;
    OnTrouble on_trouble_;
    std::string trouble_;  // reason of the last refusal; empty: it can be written
    int failing_ = 0;
};

}  // namespace bh::life
