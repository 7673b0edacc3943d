// The queries of kernel/journal/subscriptions.hpp over Tables.
#include "kernel/journal/subscriptions.hpp"

#include "tests/model/memory_select.hpp"

#include <tuple>

namespace bh::life {
using namespace memory;  // NOLINT: these files are its other half

void add_subscription(Tx& tx, SubscriptionRow& row) {
    row.created_ms = row.updated_ms = tx.now_ms();
    row.row = of(tx).next_subscription++;
    of(tx).subscriptions.push_back(std::make_shared<const SubscriptionRow>(row));
}
void save_subscription(Tx& tx, const SubscriptionRow& row) {
    SubscriptionRow copy = row;
    copy.updated_ms = tx.now_ms();
    replace(of(tx).subscriptions, copy, kRow);
}
std::optional<SubscriptionRow> subscription_by_row(Tx& tx, std::int64_t row) {
    return one(of(tx).subscriptions, [&](const SubscriptionRow& each) { return each.row == row; });
}
std::optional<SubscriptionRow> subscription_by_purchase(Tx& tx, const std::string& instance, const std::string& id,
                                                        const std::string& purchase_tx, std::uint32_t ordinal) {
    return one(of(tx).subscriptions, [&](const SubscriptionRow& row) {
        return row.instance == instance && row.id == id && row.tx == purchase_tx && row.ordinal == ordinal;
    });
}
std::vector<SubscriptionRow> subscriptions_by_id(Tx& tx, const std::string& instance, const std::string& id) {
    auto rows = where(of(tx).subscriptions,
                      [&](const SubscriptionRow& row) { return row.instance == instance && row.id == id; });
    std::reverse(rows.begin(), rows.end());
    return rows;
}
std::vector<SubscriptionRow> list_subscriptions(Tx& tx, const std::string& state, std::int64_t after,
                                                std::uint32_t limit) {
    return page(where(of(tx).subscriptions,
                      [&](const SubscriptionRow& row) {
                          return row.row > after && (state.empty() || to_text(row.state) == state);
                      }),
                limit);
}
std::vector<SubscriptionRow> unfinished_subscriptions(Tx& tx) {
    return where(of(tx).subscriptions, [](const SubscriptionRow& row) { return row.state != State::ended; });
}
std::vector<StateCount> count_subscriptions(Tx& tx) {
    std::map<std::string, std::uint64_t> counts;
    for (const auto& row : of(tx).subscriptions) ++counts[std::string{to_text(row->state)}];
    std::vector<StateCount> rows;
    for (const auto& [state, count] : counts) rows.push_back({state, count});
    return rows;
}

namespace {
std::vector<std::int64_t> due_rows(Tx& tx, std::uint32_t limit, const auto& time, const auto& matches) {
    auto rows = where(of(tx).subscriptions, matches);
    std::vector<std::int64_t> numbers;
    for (const auto& row : page(ordered(std::move(rows), time), limit)) numbers.push_back(row.row);
    return numbers;
}
}  // namespace

std::vector<std::int64_t> rows_to_wake(Tx& tx, std::int64_t now_ms, std::uint32_t limit) {
    const auto wake = [](const SubscriptionRow& row) { return row.wake_ms; };
    return due_rows(tx, limit, wake,
                    [&](const SubscriptionRow& row) { return row.wake_ms > 0 && row.wake_ms <= now_ms; });
}
std::vector<std::int64_t> rows_due(Tx& tx, const std::string& instance, UnixTime final_time, std::uint32_t limit) {
    const auto due = [](const SubscriptionRow& row) { return row.due_at.seconds; };
    return due_rows(tx, limit, due, [&](const SubscriptionRow& row) {
        return row.instance == instance && row.due_at.seconds > 0 && row.due_at <= final_time;
    });
}
std::int64_t next_wake_ms(Tx& tx) {
    return least(of(tx).subscriptions, [](const SubscriptionRow& row) { return row.wake_ms; });
}

void mark_stage(Tx& tx, std::int64_t row, const std::string& stage, std::int64_t at_ms) {
    if (stage_ms(tx, row, stage) != 0) return;
    of(tx).stages.push_back(std::make_shared<const StageRow>(StageRow{row, stage, at_ms}));
}
std::vector<StageRow> stages_of(Tx& tx, std::int64_t row) {
    return ordered(where(of(tx).stages, [&](const StageRow& each) { return each.row == row; }),
                   [](const StageRow& each) { return std::tie(each.at_ms, each.stage); });
}
std::int64_t stage_ms(Tx& tx, std::int64_t row, const std::string& stage) {
    const auto found = one(of(tx).stages, [&](const StageRow& each) { return each.row == row && each.stage == stage; });
    return found ? found->at_ms : 0;
}
void save_plan(Tx& tx, const PlanRow& plan) {
    put(of(tx).plans, plan, [](const PlanRow& row) { return std::tie(row.instance, row.plan); });
}
std::optional<PlanRow> plan_of(Tx& tx, const std::string& instance, const std::string& plan) {
    return one(of(tx).plans, [&](const PlanRow& row) { return row.instance == instance && row.plan == plan; });
}
std::vector<PlanRow> list_plans(Tx& tx) {
    return ordered(all(of(tx).plans), [](const PlanRow& row) { return std::tie(row.instance, row.plan); });
}
void save_credential(Tx& tx, const CredentialRow& credential) { put(of(tx).credentials, credential, kRow); }
std::optional<CredentialRow> credential_of(Tx& tx, std::int64_t row) {
    return one(of(tx).credentials, [&](const CredentialRow& each) { return each.row == row; });
}
void remove_credential(Tx& tx, std::int64_t row) {
    erase(of(tx).credentials, [&](const CredentialRow& each) { return each.row == row; });
}
void save_statement(Tx& tx, const StatementRow& statement) { put(of(tx).statements, statement, kRow); }
std::optional<StatementRow> statement_of(Tx& tx, std::int64_t row) {
    return one(of(tx).statements, [&](const StatementRow& each) { return each.row == row; });
}
std::vector<StatementRow> statements_due(Tx& tx, std::int64_t now_ms, std::uint32_t limit) {
    auto rows =
        where(of(tx).statements, [&](const StatementRow& row) { return row.next_ms > 0 && row.next_ms <= now_ms; });
    return page(ordered(std::move(rows), [](const StatementRow& row) { return row.next_ms; }), limit);
}
std::int64_t next_statement_ms(Tx& tx) {
    return least(of(tx).statements, [](const StatementRow& row) { return row.next_ms; });
}

}  // namespace bh::life
