// What the CLI and the API show. Reads only; any thread.
#pragma once

#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"

namespace bh::life {

struct SubscriptionDetail {
    SubscriptionRow subscription;
    std::vector<StageRow> timeline;  // oldest first
    std::vector<JobRow> jobs;
    std::vector<EventRow> events;
    std::optional<VmRow> vm;
    std::vector<VolumeRow> volumes;
    std::optional<AddressRow> address;
    std::optional<CredentialRow> credential;
    std::optional<StatementRow> statement;
};

// The newest purchase under this id of the instance ("" = any instance). BH_E_NOT_FOUND.
Result<SubscriptionDetail> show_subscription(Journal& journal, const std::string& instance, const std::string& id);
Result<std::vector<SubscriptionRow>> list_subscriptions(Journal& journal, const std::string& state, std::int64_t after,
                                                        std::uint32_t limit);
struct VmView {
    VmRow vm;
    std::optional<SubscriptionRow> subscription;  // none: an orphan
};
Result<std::vector<VmView>> list_vms(Journal& journal);
Result<std::vector<JobRow>> list_jobs(Journal& journal, const std::string& state, std::uint32_t limit);
Result<std::vector<EventRow>> list_events(Journal& journal, std::int64_t before, std::uint32_t limit);

struct StatusView {
    std::vector<StateCount> subscriptions;
    std::vector<CursorRow> chains;
    std::vector<ParkedRow> parked;
    std::vector<AlarmRow> alarms;
    std::vector<DelegationRow> delegations;
    std::string audit_head;
};
Result<StatusView> status(Journal& journal);

}  // namespace bh::life
