// Queries: places of plans that this host took off sale, and the transactions that do so. Inside a transaction only.
#pragma once

#include "kernel/journal/journal.hpp"

namespace bh::life {

void save_capacity(Tx& tx, const CapacityRow& capacity);
std::optional<CapacityRow> capacity_of(Tx& tx, const std::string& instance, const std::string& plan);
std::vector<CapacityRow> capacities(Tx& tx);  // few: a row per plan of a chain that was ever rolled back deep
void remove_capacity(Tx& tx, const std::string& instance, const std::string& plan);
// Touches nothing else of the row: its verb is running.
void save_capacity_checkpoint(Tx& tx, const std::string& op_id, const Bytes& checkpoint);
// Those that wait for a later time are due now: a block came.
void wake_capacities(Tx& tx, const std::string& instance);

}  // namespace bh::life
