#include "kernel/journal/capacity.hpp"

#include "kernel/journal/database.hpp"

namespace bh::life {

void save_capacity(Tx& tx, const CapacityRow& capacity) { insert(tx.db(), "INSERT OR REPLACE", "capacity", capacity); }

std::optional<CapacityRow> capacity_of(Tx& tx, const std::string& instance, const std::string& plan) {
    return select_one<CapacityRow>(tx.db(), "capacity", "WHERE instance = ? AND plan = ?", instance, plan);
}

std::vector<CapacityRow> capacities(Tx& tx) {
    return select<CapacityRow>(tx.db(), "capacity", "ORDER BY instance, plan");
}

void remove_capacity(Tx& tx, const std::string& instance, const std::string& plan) {
    change(tx.db(), "DELETE FROM capacity WHERE instance = ? AND plan = ?", instance, plan);
}

void save_capacity_checkpoint(Tx& tx, const std::string& op_id, const Bytes& checkpoint) {
    change(tx.db(), "UPDATE capacity SET checkpoint = ? WHERE op_id = ?", checkpoint, op_id);
}

void wake_capacities(Tx& tx, const std::string& instance) {
    change(tx.db(), "UPDATE capacity SET not_before_ms = ? WHERE instance = ? AND not_before_ms > ?", tx.now_ms(),
           instance, tx.now_ms());
}

}  // namespace bh::life
