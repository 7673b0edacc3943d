// A journal in plain memory: the same functions as kernel/journal (journal.hpp, jobs.hpp, events.hpp, resources.hpp,
// subscriptions.hpp, capacity.hpp, audit.hpp), without SQLite, so that the explorer can copy a database in a
// microsecond. It is linked in the place of kernel/journal's objects; kernel/journal's own tests run against it, too
// (memory_journal_test). Rows are immutable and shared: a copy of the tables copies pointers.
#pragma once

#include "kernel/journal/journal.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bh::life {

template <class Row>
using Table = std::vector<std::shared_ptr<const Row>>;

struct Tables {
    Table<CursorRow> cursors;
    Table<EventRow> events;
    Table<SubscriptionRow> subscriptions;
    Table<PlanRow> plans;
    Table<CapacityRow> capacities;
    Table<JobRow> jobs;
    Table<VmRow> vms;
    Table<VolumeRow> volumes;
    Table<DelegationRow> delegations;
    Table<AddressRow> addresses;
    Table<CredentialRow> credentials;
    Table<StatementRow> statements;
    Table<ParkedRow> parked;
    Table<AlarmRow> alarms;
    Table<AuditRow> audit;
    Table<AuditRow> told;  // CommitSeam::Audit::told
    Table<StageRow> stages;
    std::map<std::string, std::string> meta, commands;
    std::int64_t next_event = 1, next_subscription = 1, next_job = 1;
};

// What stands in a file's place: Journal::open finds its tables here by path, and leaves them here. A path that begins
// with kMemory touches no file system.
inline constexpr const char* kMemory = "memory:";
std::shared_ptr<Tables> tables_at(const std::string& path);
void remove_tables(const std::string& path);

// What the explorer does at commits.
struct CommitSeam {
    // Called after a commit; may throw.
    std::function<void()> committed;
    // True: this commit fails as on a full disk.
    std::function<bool()> full;
    // Where audit rows go: into the log, as in the real journal; aside, where a trace finds them but the engine does
    // not, so that it goes the same way with a trace and without; nowhere.
    enum class Audit : std::uint8_t { kept, told, left_out } audit = Audit::kept;
};
CommitSeam& commit_seam(const std::string& path);

// The Database that journal.hpp forward-declares, here the tables themselves.
class Database {
public:
    explicit Database(std::string path) : tables{tables_at(path)}, path{std::move(path)} {}
    std::shared_ptr<Tables> tables;
    std::string path;
};

}  // namespace bh::life
