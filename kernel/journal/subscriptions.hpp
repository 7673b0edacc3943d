// Queries: subscriptions, their stages, plans, credentials and statements. Inside a transaction only.
#pragma once

#include "kernel/journal/journal.hpp"

namespace bh::life {

// Sets row.row.
void add_subscription(Tx& tx, SubscriptionRow& row);
void save_subscription(Tx& tx, const SubscriptionRow& row);
std::optional<SubscriptionRow> subscription_by_row(Tx& tx, std::int64_t row);
std::optional<SubscriptionRow> subscription_by_purchase(Tx& tx, const std::string& instance, const std::string& id,
                                                        const std::string& purchase_tx, std::uint32_t ordinal);
// Newest purchase first: an id may have had another holder before a reorganisation.
std::vector<SubscriptionRow> subscriptions_by_id(Tx& tx, const std::string& instance, const std::string& id);
// Rows after `after`, in order; `state` empty = all.
std::vector<SubscriptionRow> list_subscriptions(Tx& tx, const std::string& state, std::int64_t after,
                                                std::uint32_t limit);
std::vector<SubscriptionRow> unfinished_subscriptions(Tx& tx);
struct StateCount {
    std::string state;
    std::uint64_t count = 0;
};
std::vector<StateCount> count_subscriptions(Tx& tx);

// Timers, by index. Rows that are due by the wall clock, and by an instance's newest final block.
std::vector<std::int64_t> rows_to_wake(Tx& tx, std::int64_t now_ms, std::uint32_t limit);
std::vector<std::int64_t> rows_due(Tx& tx, const std::string& instance, UnixTime final_time, std::uint32_t limit);
std::int64_t next_wake_ms(Tx& tx);  // 0 = none

// First writer wins: a stage is reached once.
void mark_stage(Tx& tx, std::int64_t row, const std::string& stage, std::int64_t at_ms);
std::vector<StageRow> stages_of(Tx& tx, std::int64_t row);
std::int64_t stage_ms(Tx& tx, std::int64_t row, const std::string& stage);  // 0 = not reached

void save_plan(Tx& tx, const PlanRow& plan);
std::optional<PlanRow> plan_of(Tx& tx, const std::string& instance, const std::string& plan);
std::vector<PlanRow> list_plans(Tx& tx);

void save_credential(Tx& tx, const CredentialRow& credential);
std::optional<CredentialRow> credential_of(Tx& tx, std::int64_t row);
void remove_credential(Tx& tx, std::int64_t row);

void save_statement(Tx& tx, const StatementRow& statement);
std::optional<StatementRow> statement_of(Tx& tx, std::int64_t row);
std::vector<StatementRow> statements_due(Tx& tx, std::int64_t now_ms, std::uint32_t limit);
std::int64_t next_statement_ms(Tx& tx);  // 0 = none

}  // namespace bh::life
