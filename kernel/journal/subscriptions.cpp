#include "kernel/journal/subscriptions.hpp"

#include "kernel/journal/database.hpp"

namespace bh::life {
namespace {

std::vector<std::int64_t> numbers(SQLite::Statement& s) {
    std::vector<std::int64_t> all;
    while (s.executeStep()) all.push_back(s.getColumn(0).getInt64());
    return all;
}

}  // namespace

void add_subscription(Tx& tx, SubscriptionRow& row) {
    row.created_ms = row.updated_ms = tx.now_ms();
    insert(tx.db(), "INSERT", "subscription", row, "row");
    row.row = tx.db().last_row();
}

void save_subscription(Tx& tx, const SubscriptionRow& row) {
    SubscriptionRow copy = row;
    copy.updated_ms = tx.now_ms();
    update(tx.db(), "subscription", copy, "row");
}

std::optional<SubscriptionRow> subscription_by_row(Tx& tx, std::int64_t row) {
    return select_one<SubscriptionRow>(tx.db(), "subscription", "WHERE row = ?", row);
}

std::optional<SubscriptionRow> subscription_by_purchase(Tx& tx, const std::string& instance, const std::string& id,
                                                        const std::string& purchase_tx, std::uint32_t ordinal) {
    return select_one<SubscriptionRow>(tx.db(), "subscription",
                                       "WHERE instance = ? AND id = ? AND tx = ? AND ordinal = ?", instance, id,
                                       purchase_tx, ordinal);
}

std::vector<SubscriptionRow> subscriptions_by_id(Tx& tx, const std::string& instance, const std::string& id) {
    return select<SubscriptionRow>(tx.db(), "subscription", "WHERE instance = ? AND id = ? ORDER BY row DESC", instance,
                                   id);
}

std::vector<SubscriptionRow> list_subscriptions(Tx& tx, const std::string& state, std::int64_t after,
                                                std::uint32_t limit) {
    if (state.empty()) {
        return select<SubscriptionRow>(tx.db(), "subscription", "WHERE row > ? ORDER BY row LIMIT ?", after, limit);
    }
    return select<SubscriptionRow>(tx.db(), "subscription", "WHERE state = ? AND row > ? ORDER BY row LIMIT ?", state,
                                   after, limit);
}

std::vector<SubscriptionRow> unfinished_subscriptions(Tx& tx) {
    return select<SubscriptionRow>(tx.db(), "subscription", "WHERE state <> 'ended' ORDER BY row");
}

std::vector<StateCount> count_subscriptions(Tx& tx) {
    auto& s = tx.db().prepare("SELECT state, count(*) FROM subscription GROUP BY state ORDER BY state");
    std::vector<StateCount> all;
    while (s.executeStep()) {
        all.push_back({s.getColumn(0).getString(), static_cast<std::uint64_t>(s.getColumn(1).getInt64())});
    }
    return all;
}

std::vector<std::int64_t> rows_to_wake(Tx& tx, std::int64_t now_ms, std::uint32_t limit) {
    return numbers(bound(tx.db(),
                         "SELECT row FROM subscription WHERE wake_ms > 0 AND wake_ms <= ? ORDER BY wake_ms LIMIT ?",
                         now_ms, limit));
}

std::vector<std::int64_t> rows_due(Tx& tx, const std::string& instance, UnixTime final_time, std::uint32_t limit) {
    return numbers(bound(tx.db(),
                         "SELECT row FROM subscription WHERE instance = ? AND due_at > 0 AND due_at <= ? "
                         "ORDER BY due_at LIMIT ?",
                         instance, final_time, limit));
}

std::int64_t next_wake_ms(Tx& tx) {
    return first_number(tx.db().prepare("SELECT wake_ms FROM subscription WHERE wake_ms > 0 ORDER BY wake_ms LIMIT 1"));
}

void mark_stage(Tx& tx, std::int64_t row, const std::string& stage, std::int64_t at_ms) {
    insert(tx.db(), "INSERT OR IGNORE", "stage", StageRow{row, stage, at_ms});
}

std::vector<StageRow> stages_of(Tx& tx, std::int64_t row) {
    return select<StageRow>(tx.db(), "stage", "WHERE row = ? ORDER BY at_ms, stage", row);
}

std::int64_t stage_ms(Tx& tx, std::int64_t row, const std::string& stage) {
    return first_number(bound(tx.db(), "SELECT at_ms FROM stage WHERE row = ? AND stage = ?", row, stage));
}

void save_plan(Tx& tx, const PlanRow& plan) { insert(tx.db(), "INSERT OR REPLACE", "plan", plan); }

std::optional<PlanRow> plan_of(Tx& tx, const std::string& instance, const std::string& plan) {
    return select_one<PlanRow>(tx.db(), "plan", "WHERE instance = ? AND plan = ?", instance, plan);
}

std::vector<PlanRow> list_plans(Tx& tx) { return select<PlanRow>(tx.db(), "plan", "ORDER BY instance, plan"); }

void save_credential(Tx& tx, const CredentialRow& credential) {
    insert(tx.db(), "INSERT OR REPLACE", "credential", credential);
}

std::optional<CredentialRow> credential_of(Tx& tx, std::int64_t row) {
    return select_one<CredentialRow>(tx.db(), "credential", "WHERE row = ?", row);
}

void remove_credential(Tx& tx, std::int64_t row) { change(tx.db(), "DELETE FROM credential WHERE row = ?", row); }

void save_statement(Tx& tx, const StatementRow& statement) {
    insert(tx.db(), "INSERT OR REPLACE", "statement", statement);
}

std::optional<StatementRow> statement_of(Tx& tx, std::int64_t row) {
    return select_one<StatementRow>(tx.db(), "statement", "WHERE row = ?", row);
}

std::vector<StatementRow> statements_due(Tx& tx, std::int64_t now_ms, std::uint32_t limit) {
    return select<StatementRow>(tx.db(), "statement", "WHERE next_ms > 0 AND next_ms <= ? ORDER BY next_ms LIMIT ?",
                                now_ms, limit);
}

std::int64_t next_statement_ms(Tx& tx) {
    return first_number(tx.db().prepare("SELECT next_ms FROM statement WHERE next_ms > 0 ORDER BY next_ms LIMIT 1"));
}

}  // namespace bh::life
