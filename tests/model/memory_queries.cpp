// The queries of kernel/journal over Tables: each does what its namesake's SQL says. Those of subscriptions.hpp are in
// memory_subscriptions.cpp.
#include "kernel/journal/audit.hpp"
#include "kernel/journal/audit_chain.hpp"
#include "kernel/journal/capacity.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/funds.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "tests/model/memory_select.hpp"

#include <stdexcept>
#include <tuple>

namespace bh::life {
using namespace memory;  // NOLINT: these files are its other half
// events.hpp
std::optional<CursorRow> cursor_of(Tx& tx, const std::string& instance) {
    return one(of(tx).cursors, [&](const CursorRow& row) { return row.instance == instance; });
}
void save_cursor(Tx& tx, const CursorRow& cursor) { put(of(tx).cursors, cursor, kInstance); }
std::vector<CursorRow> cursors(Tx& tx) { return ordered(all(of(tx).cursors), kInstance); }

bool add_event(Tx& tx, EventRow& event) {
    event.seen_ms = tx.now_ms();
    for (auto& known : of(tx).events) {
        if (known->instance != event.instance || known->position.id != event.position.id || known->tx != event.tx ||
            known->log_index != event.log_index) {
            continue;
        }
        if (known->status != EventState::rolled_back) return false;
        EventRow seen = *known;
        seen.status = EventState::seen;
        known = std::make_shared<const EventRow>(std::move(seen));
        return true;
    }
    event.n = of(tx).next_event++;
    of(tx).events.push_back(std::make_shared<const EventRow>(event));
    return true;
}

namespace {
std::vector<EventRow> in_order(std::vector<EventRow> rows) {
    return ordered(std::move(rows), [](const EventRow& row) { return std::tuple{row.position.height, row.log_index}; });
}
}  // namespace

void events_between(Tx& tx, const std::string& instance, std::uint64_t from, std::uint64_t to,
                    const std::function<void(const EventSubject&)>& told) {
    auto rows = where(of(tx).events, [&](const EventRow& row) {
        return row.instance == instance && row.status == EventState::seen && row.position.height >= from &&
               row.position.height <= to;
    });
    rows = in_order(std::move(rows));
    for (const EventRow& row : rows) told({row.type, row.tx, row.ordinal, row.subscription});
}
std::vector<EventRow> roll_back_events(Tx& tx, const std::string& instance, std::uint64_t height) {
    const auto rows = in_order(where(of(tx).events, [&](const EventRow& row) {
        return row.instance == instance && row.status != EventState::rolled_back && row.position.height > height;
    }));
    for (EventRow row : rows) {
        row.status = EventState::rolled_back;
        replace(of(tx).events, row, kNumber);
    }
    return rows;
}
std::optional<EventRow> newest_event(Tx& tx, const std::string& instance, const std::string& type,
                                     const std::function<bool(const EventRow&)>& is) {
    auto rows = where(of(tx).events, [&](const EventRow& row) {
        return row.instance == instance && row.type == type && row.status != EventState::rolled_back && is(row);
    });
    rows = in_order(std::move(rows));
    if (rows.empty()) return std::nullopt;
    return std::move(rows.back());
}
void list_subjects(Tx&, const std::string&, std::int64_t, std::int64_t) {}  // events_of() looks at each

namespace {
std::vector<EventRow> with_status(Tx& tx, std::vector<EventRow> rows) {
    for (EventRow& row : rows) {
        const auto cursor = cursor_of(tx, row.instance);
        if (row.status == EventState::seen && cursor && row.position.height < cursor->open_from)
            row.status = EventState::final;
    }
    return rows;
}
}  // namespace

std::vector<EventRow> events_of(Tx& tx, const std::string& instance, const std::string& subscription) {
    auto rows = with_status(tx, where(of(tx).events, [&](const EventRow& row) {
                                return row.instance == instance && row.subscription == subscription;
                            }));
    return in_order(std::move(rows));
}
std::vector<EventRow> list_events(Tx& tx, std::int64_t before, std::uint32_t limit) {
    auto rows =
        with_status(tx, where(of(tx).events, [&](const EventRow& row) { return before == 0 || row.n < before; }));
    return page(ordered(std::move(rows), [](const EventRow& row) { return -row.n; }), limit);
}

// jobs.hpp
void add_job(Tx& tx, JobRow& job) {
    // What the database's own constraint says.
    if (job_by_op_id(tx, job.op_id, job.step)) throw std::logic_error{"UNIQUE constraint failed: job.op_id, job.step"};
    job.created_ms = job.updated_ms = tx.now_ms();
    job.n = of(tx).next_job++;
    of(tx).jobs.push_back(std::make_shared<const JobRow>(job));
}
void save_job(Tx& tx, const JobRow& job) {
    JobRow copy = job;
    copy.updated_ms = tx.now_ms();
    replace(of(tx).jobs, copy, kNumber);
}
std::optional<JobRow> job_by_number(Tx& tx, std::int64_t n) {
    return one(of(tx).jobs, [&](const JobRow& job) { return job.n == n; });
}
std::optional<JobRow> job_by_op_id(Tx& tx, const std::string& op_id, Step step) {
    return one(of(tx).jobs, [&](const JobRow& job) { return job.step == step && job.op_id == op_id; });
}
std::optional<JobRow> current_job(Tx& tx, std::int64_t row) {
    return one(of(tx).jobs, [&](const JobRow& job) { return job.row == row && !job.consumed; });
}
std::vector<JobRow> jobs_of(Tx& tx, std::int64_t row) {
    return where(of(tx).jobs, [&](const JobRow& job) { return job.row == row; });
}
std::optional<JobRow> held_job_of(Tx& tx, std::int64_t row) {
    auto rows = where(of(tx).jobs, [&](const JobRow& job) { return job.row == row && job.state == JobState::held; });
    if (rows.empty()) return std::nullopt;
    return std::move(rows.back());
}
std::vector<JobRow> list_jobs(Tx& tx, const std::string& state, std::uint32_t limit) {
    auto rows = where(of(tx).jobs, [&](const JobRow& job) { return state.empty() || to_text(job.state) == state; });
    return page(ordered(std::move(rows), [](const JobRow& job) { return -job.n; }), limit);
}
std::vector<DueJob> jobs_due(Tx& tx, std::int64_t now_ms, std::uint32_t limit, std::uint32_t offset) {
    auto rows = waiting_jobs(tx);
    std::erase_if(rows, [&](const JobRow& job) { return job.not_before_ms > now_ms; });
    std::vector<DueJob> due;
    for (const JobRow& job : page(std::move(rows), limit, offset))
        due.push_back({job.n, job.row, job.step, job.instance});
    return due;
}
std::vector<JobRow> waiting_jobs(Tx& tx) {
    return ordered(where(of(tx).jobs, [](const JobRow& job) { return is_waiting(job); }),
                   [](const JobRow& job) { return std::tuple{job.not_before_ms, job.n}; });
}
void save_checkpoint(Tx& tx, std::int64_t n, const Bytes& checkpoint) {
    if (auto job = job_by_number(tx, n)) {
        job->checkpoint = checkpoint;
        replace(of(tx).jobs, *job, kNumber);
    }
}
std::int64_t next_job_ms(Tx& tx, std::int64_t after_ms) {
    return least(of(tx).jobs, [&](const JobRow& job) {
        return is_waiting(job) && job.not_before_ms > after_ms ? job.not_before_ms : 0;
    });
}
void wake_waiting(Tx& tx, const std::string& instance) {
    for (JobRow job : where(of(tx).jobs, [&](const JobRow& each) {
             return each.state == JobState::waiting && each.instance == instance && each.not_before_ms > tx.now_ms();
         })) {
        job.not_before_ms = tx.now_ms();
        replace(of(tx).jobs, job, kNumber);
    }
}
std::vector<JobRow> jobs_in_state(Tx& tx, JobState state) {
    return where(of(tx).jobs, [&](const JobRow& job) { return job.state == state; });
}
std::int64_t unsettled_until_ms(Tx& tx, std::int64_t row) {
    std::int64_t until = 0;
    for (const auto& job : jobs_of(tx, row)) until = std::max(until, job.unsettled_until_ms);
    return until;
}
void limit_unsettled(Tx& tx, std::int64_t until_ms) {
    for (JobRow job : where(of(tx).jobs, [&](const JobRow& each) { return each.unsettled_until_ms > until_ms; })) {
        job.unsettled_until_ms = until_ms;
        replace(of(tx).jobs, job, kNumber);
    }
}
void save_parked(Tx& tx, const ParkedRow& parked) { put(of(tx).parked, parked, kInstance); }
std::vector<ParkedRow> parked_instances(Tx& tx) { return ordered(all(of(tx).parked), kInstance); }
void remove_parked(Tx& tx, const std::string& instance) {
    erase(of(tx).parked, [&](const ParkedRow& row) { return row.instance == instance; });
}
std::vector<JobRow> parked_jobs(Tx& tx, const std::string& instance) {
    return where(of(tx).jobs,
                 [&](const JobRow& job) { return job.state == JobState::parked && job.instance == instance; });
}
void raise_alarm(Tx& tx, const std::string& subject, const std::string& reason, const std::string& message) {
    AlarmRow alarm{subject, reason, message, tx.now_ms()};
    const auto key = [](const AlarmRow& row) { return std::tie(row.subject, row.reason); };
    for (const auto& known : of(tx).alarms) {
        if (key(*known) == key(alarm)) alarm.since_ms = known->since_ms;
    }
    put(of(tx).alarms, alarm, key);
}
void clear_alarms(Tx& tx, const std::string& subject, const std::string& reason) {
    erase(of(tx).alarms,
          [&](const AlarmRow& row) { return row.subject == subject && (reason.empty() || row.reason == reason); });
}
std::vector<AlarmRow> alarms(Tx& tx) {
    return ordered(all(of(tx).alarms),
                   [](const AlarmRow& row) { return std::tie(row.since_ms, row.subject, row.reason); });
}

// capacity.hpp
namespace {
constexpr auto kPlan = [](const CapacityRow& row) { return std::tie(row.instance, row.plan); };

void change_capacities(Tx& tx, const auto& matches, const auto& change) {
    for (CapacityRow row : where(of(tx).capacities, matches)) {
        change(row);
        replace(of(tx).capacities, row, kPlan);
    }
}
}  // namespace

void save_capacity(Tx& tx, const CapacityRow& capacity) { put(of(tx).capacities, capacity, kPlan); }
std::optional<CapacityRow> capacity_of(Tx& tx, const std::string& instance, const std::string& plan) {
    return one(of(tx).capacities, [&](const CapacityRow& row) { return row.instance == instance && row.plan == plan; });
}
std::vector<CapacityRow> capacities(Tx& tx) { return ordered(all(of(tx).capacities), kPlan); }
void remove_capacity(Tx& tx, const std::string& instance, const std::string& plan) {
    erase(of(tx).capacities, [&](const CapacityRow& row) { return row.instance == instance && row.plan == plan; });
}
void save_capacity_checkpoint(Tx& tx, const std::string& op_id, const Bytes& checkpoint) {
    change_capacities(
        tx, [&](const CapacityRow& row) { return row.op_id == op_id; },
        [&](CapacityRow& row) { row.checkpoint = checkpoint; });
}
void wake_capacities(Tx& tx, const std::string& instance) {
    change_capacities(
        tx, [&](const CapacityRow& row) { return row.instance == instance && row.not_before_ms > tx.now_ms(); },
        [&](CapacityRow& row) { row.not_before_ms = tx.now_ms(); });
}

// funds.hpp: what transactions cost decides nothing.
void save_fee(Tx&, const FeeRow&) {}

// resources.hpp
void save_vm(Tx& tx, const VmRow& vm) { put(of(tx).vms, vm, kOp); }
std::optional<VmRow> vm_of(Tx& tx, std::int64_t row) {
    return one(of(tx).vms, [&](const VmRow& vm) { return vm.row == row; });
}
std::optional<VmRow> vm_by_op_id(Tx& tx, const std::string& op_id) {
    return one(of(tx).vms, [&](const VmRow& vm) { return vm.op_id == op_id; });
}
void remove_vm(Tx& tx, const std::string& op_id) {
    erase(of(tx).vms, [&](const VmRow& vm) { return vm.op_id == op_id; });
}
std::vector<VmRow> list_vms(Tx& tx) {
    return ordered(all(of(tx).vms), [](const VmRow& vm) { return std::tie(vm.row, vm.op_id); });
}
void save_volume(Tx& tx, const VolumeRow& volume) { put(of(tx).volumes, volume, kOp); }
std::vector<VolumeRow> volumes_of(Tx& tx, std::int64_t row) {
    auto rows = ordered(where(of(tx).volumes, [&](const VolumeRow& volume) { return volume.row == row; }),
                        [](const VolumeRow& volume) { return volume.part; });
    std::reverse(rows.begin(), rows.end());
    return rows;
}
std::optional<VolumeRow> volume_by_op_id(Tx& tx, const std::string& op_id) {
    return one(of(tx).volumes, [&](const VolumeRow& volume) { return volume.op_id == op_id; });
}
void remove_volume(Tx& tx, const std::string& op_id) {
    erase(of(tx).volumes, [&](const VolumeRow& volume) { return volume.op_id == op_id; });
}
std::vector<VolumeRow> list_volumes(Tx& tx) {
    return ordered(all(of(tx).volumes), [](const VolumeRow& volume) { return std::tie(volume.row, volume.op_id); });
}
void save_delegation(Tx& tx, const DelegationRow& delegation) { put(of(tx).delegations, delegation, kOp); }
std::vector<DelegationRow> delegations(Tx& tx) {
    return ordered(all(of(tx).delegations), [](const DelegationRow& row) { return std::tie(row.instance, row.op_id); });
}
std::optional<DelegationRow> delegation_of(Tx& tx, const std::optional<AddressRow>& address) {
    if (!address) return std::nullopt;
    return one(of(tx).delegations, [&](const DelegationRow& row) { return row.op_id == address->delegation; });
}
std::vector<DelegationRow> delegations_to_renew(Tx& tx, std::int64_t now_ms) {
    return ordered(
        where(of(tx).delegations, [&](const DelegationRow& row) { return row.renew_ms > 0 && row.renew_ms <= now_ms; }),
        kOp);
}
std::int64_t next_delegation_ms(Tx& tx) {
    return least(of(tx).delegations, [](const DelegationRow& row) { return row.renew_ms; });
}
bool assign_address(Tx& tx, const AddressRow& address) {
    const auto taken = one(of(tx).addresses, [&](const AddressRow& row) {
        return row.address == address.address || row.name == address.name;
    });
    if (taken) return false;
    of(tx).addresses.push_back(std::make_shared<const AddressRow>(address));
    return true;
}
std::optional<AddressRow> address_of(Tx& tx, std::int64_t row) {
    return one(of(tx).addresses, [&](const AddressRow& each) { return each.row == row; });
}
bool address_is_taken(Tx& tx, const std::string& address) {
    return one(of(tx).addresses, [&](const AddressRow& row) { return row.address == address; }).has_value();
}
void release_addresses(Tx& tx, std::int64_t row) {
    erase(of(tx).addresses, [&](const AddressRow& each) { return each.row == row; });
}
std::vector<AddressRow> list_addresses(Tx& tx) {
    return ordered(all(of(tx).addresses), [](const AddressRow& row) { return std::tie(row.row, row.address); });
}
std::uint64_t count_addresses(Tx& tx, const std::string& hypervisor) {
    return where(of(tx).addresses, [&](const AddressRow& row) { return row.hypervisor == hypervisor; }).size();
}

// audit.hpp, what is not in audit_chain.cpp.
void append_audit(Tx& tx, const std::string& actor, const std::string& action, const std::string& subject,
                  const std::string& detail) {
    const CommitSeam::Audit keep = commit_seam(tx.db().path).audit;
    if (keep == CommitSeam::Audit::left_out) return;
    auto& table = keep == CommitSeam::Audit::kept ? of(tx).audit : of(tx).told;
    const auto n = static_cast<std::int64_t>(table.size()) + 1;
    AuditRow row{n, tx.now_ms(), actor, action, subject, detail, table.empty() ? "" : table.back()->hash, ""};
    row.hash = chain_hash(row);
    table.push_back(std::make_shared<const AuditRow>(std::move(row)));
}
std::vector<AuditRow> list_audit(Tx& tx, std::int64_t after, std::uint32_t limit) {
    return page(where(of(tx).audit, [&](const AuditRow& row) { return row.n > after; }), limit);
}
std::optional<AuditRow> newest_audit(Tx& tx) {
    if (of(tx).audit.empty()) return std::nullopt;
    return *of(tx).audit.back();
}
std::optional<AuditRow> audit_row(Tx& tx, std::int64_t n) {
    return one(of(tx).audit, [&](const AuditRow& row) { return row.n == n; });
}
std::string audit_head(Tx& tx) { return of(tx).audit.empty() ? "" : of(tx).audit.back()->hash; }
std::string meta(Tx& tx, const std::string& key) {
    const auto found = of(tx).meta.find(key);
    return found == of(tx).meta.end() ? std::string{} : found->second;
}
void set_meta(Tx& tx, const std::string& key, const std::string& value) { of(tx).meta[key] = value; }
bool use_nonce(Tx& tx, const std::string& nonce, const std::string& command) {
    return of(tx).commands.emplace(nonce, command).second;
}

}  // namespace bh::life
