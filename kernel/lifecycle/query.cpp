#include "kernel/lifecycle/query.hpp"

#include "kernel/journal/audit.hpp"

namespace bh::life {
namespace {

// Runs `body` in a read transaction and returns what it made.
template <class T>
Result<T> read(Journal& journal, const std::function<Status(Tx&, T&)>& body) {
    T answer{};
    const auto done = journal.read([&](Tx& tx) { return body(tx, answer); });
    if (!done) return done.failure();
    return answer;
}

std::optional<SubscriptionRow> newest(Tx& tx, const std::string& instance, const std::string& id) {
    if (!instance.empty()) {
        auto rows = subscriptions_by_id(tx, instance, id);
        if (rows.empty()) return std::nullopt;
        return rows.front();
    }
    for (const auto& cursor : cursors(tx)) {
        if (auto row = newest(tx, cursor.instance, id)) return row;
    }
    return std::nullopt;
}

}  // namespace

Result<SubscriptionDetail> show_subscription(Journal& journal, const std::string& instance, const std::string& id) {
    return read<SubscriptionDetail>(journal, [&](Tx& tx, SubscriptionDetail& detail) -> Status {
        auto row = newest(tx, instance, id);
        if (!row) return Failure{BH_E_NOT_FOUND, "no_such_subscription", "there is no subscription " + id, 0};
        detail.subscription = std::move(*row);
        const std::int64_t number = detail.subscription.row;
        detail.timeline = stages_of(tx, number);
        detail.jobs = jobs_of(tx, number);
        detail.events = events_of(tx, detail.subscription.instance, id);
        detail.vm = vm_of(tx, number);
        detail.volumes = volumes_of(tx, number);
        detail.address = address_of(tx, number);
        detail.credential = credential_of(tx, number);
        detail.statement = statement_of(tx, number);
        return {};
    });
}

Result<std::vector<SubscriptionRow>> list_subscriptions(Journal& journal, const std::string& state, std::int64_t after,
                                                        std::uint32_t limit) {
    if (!state.empty() && !word_from_text<State>(state)) {
        return invalid("state", "'" + state + "' is no state of a subscription");
    }
    return read<std::vector<SubscriptionRow>>(journal, [&](Tx& tx, auto& rows) -> Status {
        rows = list_subscriptions(tx, state, after, limit);
        return {};
    });
}

Result<std::vector<VmView>> list_vms(Journal& journal) {
    return read<std::vector<VmView>>(journal, [](Tx& tx, auto& views) -> Status {
        for (auto& vm : list_vms(tx)) {
            auto row = subscription_by_row(tx, vm.row);
            views.push_back({std::move(vm), std::move(row)});
        }
        return {};
    });
}

Result<std::vector<JobRow>> list_jobs(Journal& journal, const std::string& state, std::uint32_t limit) {
    if (!state.empty() && !word_from_text<JobState>(state))
        return invalid("state", "'" + state + "' is no state of a job");
    return read<std::vector<JobRow>>(journal, [&](Tx& tx, auto& rows) -> Status {
        rows = list_jobs(tx, state, limit);
        return {};
    });
}

Result<std::vector<EventRow>> list_events(Journal& journal, std::int64_t before, std::uint32_t limit) {
    return read<std::vector<EventRow>>(journal, [&](Tx& tx, auto& rows) -> Status {
        rows = list_events(tx, before, limit);
        return {};
    });
}

Result<StatusView> status(Journal& journal) {
    return read<StatusView>(journal, [](Tx& tx, StatusView& view) -> Status {
        view = {count_subscriptions(tx), cursors(tx),   parked_instances(tx), alarms(tx),
                delegations(tx),         audit_head(tx)};
        return {};
    });
}

}  // namespace bh::life
