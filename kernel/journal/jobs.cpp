#include "kernel/journal/jobs.hpp"

#include "kernel/journal/database.hpp"

namespace bh::life {

void add_job(Tx& tx, JobRow& job) {
    job.created_ms = job.updated_ms = tx.now_ms();
    insert(tx.db(), "INSERT", "job", job, "n");
    job.n = tx.db().last_row();
}

void save_job(Tx& tx, const JobRow& job) {
    JobRow copy = job;
    copy.updated_ms = tx.now_ms();
    update(tx.db(), "job", copy, "n");
}

std::optional<JobRow> job_by_number(Tx& tx, std::int64_t n) {
    return select_one<JobRow>(tx.db(), "job", "WHERE n = ?", n);
}

std::optional<JobRow> job_by_op_id(Tx& tx, const std::string& op_id, Step step) {
    return select_one<JobRow>(tx.db(), "job", "WHERE op_id = ? AND step = ?", op_id, step);
}

std::optional<JobRow> current_job(Tx& tx, std::int64_t row) {
    return select_one<JobRow>(tx.db(), "job", "WHERE row = ? AND consumed = 0", row);
}

std::vector<JobRow> jobs_of(Tx& tx, std::int64_t row) {
    return select<JobRow>(tx.db(), "job", "WHERE row = ? ORDER BY n", row);
}

std::optional<JobRow> held_job_of(Tx& tx, std::int64_t row) {
    return select_one<JobRow>(tx.db(), "job", "WHERE row = ? AND state = 'held' ORDER BY n DESC", row);
}

std::vector<JobRow> list_jobs(Tx& tx, const std::string& state, std::uint32_t limit) {
    if (state.empty()) return select<JobRow>(tx.db(), "job", "ORDER BY n DESC LIMIT ?", limit);
    return select<JobRow>(tx.db(), "job", "WHERE state = ? ORDER BY n DESC LIMIT ?", state, limit);
}

std::vector<DueJob> jobs_due(Tx& tx, std::int64_t now_ms, std::uint32_t limit, std::uint32_t offset) {
    return select<DueJob>(tx.db(), "job",
                          "WHERE state IN ('queued', 'waiting', 'backoff', 'uncertain') AND not_before_ms <= ? "
                          "ORDER BY not_before_ms, n LIMIT ? OFFSET ?",
                          now_ms, limit, offset);
}

std::vector<JobRow> waiting_jobs(Tx& tx) {
    return select<JobRow>(tx.db(), "job",
                          "WHERE state IN ('queued', 'waiting', 'backoff', 'uncertain') ORDER BY not_before_ms, n");
}

void save_checkpoint(Tx& tx, std::int64_t n, const Bytes& checkpoint) {
    change(tx.db(), "UPDATE job SET checkpoint = ? WHERE n = ?", checkpoint, n);
}

std::int64_t next_job_ms(Tx& tx, std::int64_t after_ms) {
    return first_number(
        bound(tx.db(),
              "SELECT not_before_ms FROM job WHERE state IN ('queued', 'waiting', 'backoff', 'uncertain') AND "
              "not_before_ms > ? ORDER BY not_before_ms LIMIT 1",
              after_ms));
}

void wake_waiting(Tx& tx, const std::string& instance) {
    // The list of states is the index's own condition: without it SQLite would read the whole table.
    change(tx.db(),
           "UPDATE job SET not_before_ms = ? WHERE state IN ('queued', 'waiting', 'backoff', 'uncertain') AND "
           "not_before_ms > ? AND state = 'waiting' AND instance = ?",
           tx.now_ms(), tx.now_ms(), instance);
}

std::vector<JobRow> jobs_in_state(Tx& tx, JobState state) {
    return select<JobRow>(tx.db(), "job", "WHERE state = ? ORDER BY n", state);
}

std::int64_t unsettled_until_ms(Tx& tx, std::int64_t row) {
    return first_number(bound(tx.db(), "SELECT max(unsettled_until_ms) FROM job WHERE row = ?", row));
}

void limit_unsettled(Tx& tx, std::int64_t until_ms) {
    // The first condition is the index's own.
    change(tx.db(), "UPDATE job SET unsettled_until_ms = ? WHERE unsettled_until_ms > 0 AND unsettled_until_ms > ?",
           until_ms, until_ms);
}

void save_parked(Tx& tx, const ParkedRow& parked) { insert(tx.db(), "INSERT OR REPLACE", "parked", parked); }

std::vector<ParkedRow> parked_instances(Tx& tx) { return select<ParkedRow>(tx.db(), "parked", "ORDER BY instance"); }

void remove_parked(Tx& tx, const std::string& instance) {
    change(tx.db(), "DELETE FROM parked WHERE instance = ?", instance);
}

std::vector<JobRow> parked_jobs(Tx& tx, const std::string& instance) {
    return select<JobRow>(tx.db(), "job", "WHERE state = 'parked' AND instance = ? ORDER BY n", instance);
}

void raise_alarm(Tx& tx, const std::string& subject, const std::string& reason, const std::string& message) {
    change(tx.db(),
           "INSERT INTO alarm(subject, reason, message, since_ms) VALUES(?, ?, ?, ?) "
           "ON CONFLICT(subject, reason) DO UPDATE SET message = excluded.message",
           subject, reason, message, tx.now_ms());
}

void clear_alarms(Tx& tx, const std::string& subject, const std::string& reason) {
    if (reason.empty()) {
        change(tx.db(), "DELETE FROM alarm WHERE subject = ?", subject);
    } else {
        change(tx.db(), "DELETE FROM alarm WHERE subject = ? AND reason = ?", subject, reason);
    }
}

std::vector<AlarmRow> alarms(Tx& tx) {
    return select<AlarmRow>(tx.db(), "alarm", "ORDER BY since_ms, subject, reason");
}

}  // namespace bh::life
