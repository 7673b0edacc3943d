// Moves one subscription along the table inside a transaction: state, next job, timers, stages, audit. It decides
// nothing: which fact holds is the engine's to say.
#pragma once

#include "kernel/journal/journal.hpp"
#include "kernel/lifecycle/config.hpp"
#include "kernel/lifecycle/standing.hpp"

namespace bh::life {

struct MachineEnv {
    const EngineConfig& config;
    std::string boot_id;
};

// Applies `transition` to the row, saves it, and makes the job that the table orders. The job that brought the row here
// must be consumed before. `why` goes to the audit log and, for declining and held, to the row.
void apply(Tx& tx, const MachineEnv& env, SubscriptionRow& row, const Transition& transition, const std::string& why);

// Makes the job, or re-opens the one that this op_id had: an old end never answers for it.
JobRow order_job(Tx& tx, const MachineEnv& env, const SubscriptionRow& row, Step step);

// Ends a job that is no longer wanted. What it may have made counts as unsettled until its deadline has passed twice.
void give_up_job(Tx& tx, const MachineEnv& env, JobRow& job, const std::string& why);

// `last_reason` of a clean that was abandoned with the operator's word that nothing is left.
inline constexpr const char* kConfirmedGone = "confirmed_gone";

// Why an alarm stands for an order that the chain calls undelivered again and again.
inline constexpr const char* kDeliveryDenied = "delivery_denied";

// And for a close or a burn that is made again and again: it fails, or the chain denies it when it was final.
inline constexpr const char* kStepRepeated = "step_repeated";

// How long a step that was re-opened so often waits before it is made: the first time not at all, then longer and
// longer.
std::int64_t repeat_delay_ms(const EngineConfig& config, std::uint32_t reopened);

// True: the job that this step would re-open was re-opened as often as it may be, and is now held. Steps without that
// limit are never worn out.
bool hold_worn_out(Tx& tx, const MachineEnv& env, const SubscriptionRow& row, Step step);

// How long what a create was asked for may still appear in its backend, after it was given up.
constexpr std::int64_t longest_unsettled_ms(const EngineConfig& config) noexcept { return 2 * config.long_deadline_ms; }

// Which plugin instance a step of this row needs ("" = none).
std::string instance_of(Tx& tx, const MachineEnv& env, const SubscriptionRow& row, Step step);

// What the journal adds to what the chain says of a row, for fact_of() and guard_holds(); `retry` is the engine's own.
FactInputs gather_inputs(Tx& tx, const EngineConfig& config, const ChainConfig& chain, const Abilities& can,
                         const SubscriptionRow& row, const View& view, const std::optional<JobRow>& job);

// "subscription:7"
std::string subject_of(const SubscriptionRow& row);

}  // namespace bh::life
