// Queries: jobs, parked instances and alarms. Inside a transaction only.
#pragma once

#include "kernel/journal/journal.hpp"

namespace bh::life {

// Sets job.n.
void add_job(Tx& tx, JobRow& job);
void save_job(Tx& tx, const JobRow& job);
std::optional<JobRow> job_by_number(Tx& tx, std::int64_t n);
std::optional<JobRow> job_by_op_id(Tx& tx, const std::string& op_id, Step step);
// The one whose end has not moved its subscription yet: jobs of one subscription run in order, so there is at most one.
std::optional<JobRow> current_job(Tx& tx, std::int64_t row);
std::vector<JobRow> jobs_of(Tx& tx, std::int64_t row);
std::optional<JobRow> held_job_of(Tx& tx, std::int64_t row);  // the newest
// Newest first; `state` empty = all.
std::vector<JobRow> list_jobs(Tx& tx, const std::string& state, std::uint32_t limit);
// QUEUED, WAITING, BACKOFF, UNCERTAIN and due, oldest first.
std::vector<DueJob> jobs_due(Tx& tx, std::int64_t now_ms, std::uint32_t limit, std::uint32_t offset = 0);
std::vector<JobRow> waiting_jobs(Tx& tx);  // all in these states, due or not
// Touches nothing else of the job: its verb is running.
void save_checkpoint(Tx& tx, std::int64_t n, const Bytes& checkpoint);
std::int64_t next_job_ms(Tx& tx, std::int64_t after_ms);  // of those due later than that; 0 = none
// Jobs of this instance that are WAITING for a later time are due now.
void wake_waiting(Tx& tx, const std::string& instance);
std::vector<JobRow> jobs_in_state(Tx& tx, JobState state);
// Until when a create of this subscription that was given up may still appear in its backend; 0 = all are settled.
std::int64_t unsettled_until_ms(Tx& tx, std::int64_t row);
// No create counts as unsettled longer than that: the clock was set back.
void limit_unsettled(Tx& tx, std::int64_t until_ms);

void save_parked(Tx& tx, const ParkedRow& parked);
std::vector<ParkedRow> parked_instances(Tx& tx);
void remove_parked(Tx& tx, const std::string& instance);
std::vector<JobRow> parked_jobs(Tx& tx, const std::string& instance);

// An alarm stands until it is cleared; raising it again keeps the first time.
void raise_alarm(Tx& tx, const std::string& subject, const std::string& reason, const std::string& message);
void clear_alarms(Tx& tx, const std::string& subject, const std::string& reason = {});
std::vector<AlarmRow> alarms(Tx& tx);

}  // namespace bh::life
