#include "kernel/journal/resources.hpp"

#include "kernel/journal/database.hpp"

namespace bh::life {
void save_vm(Tx& tx, const VmRow& vm) { insert(tx.db(), "INSERT OR REPLACE", "vm", vm); }
std::optional<VmRow> vm_of(Tx& tx, std::int64_t row) { return select_one<VmRow>(tx.db(), "vm", "WHERE row = ?", row); }
std::optional<VmRow> vm_by_op_id(Tx& tx, const std::string& op_id) {
    return select_one<VmRow>(tx.db(), "vm", "WHERE op_id = ?", op_id);
}
void remove_vm(Tx& tx, const std::string& op_id) { change(tx.db(), "DELETE FROM vm WHERE op_id = ?", op_id); }
std::vector<VmRow> list_vms(Tx& tx) { return select<VmRow>(tx.db(), "vm", "ORDER BY row, op_id"); }

void save_volume(Tx& tx, const VolumeRow& volume) { insert(tx.db(), "INSERT OR REPLACE", "volume", volume); }
std::vector<VolumeRow> volumes_of(Tx& tx, std::int64_t row) {
    return select<VolumeRow>(tx.db(), "volume", "WHERE row = ? ORDER BY part DESC", row);
}
std::optional<VolumeRow> volume_by_op_id(Tx& tx, const std::string& op_id) {
    return select_one<VolumeRow>(tx.db(), "volume", "WHERE op_id = ?", op_id);
}
void remove_volume(Tx& tx, const std::string& op_id) { change(tx.db(), "DELETE FROM volume WHERE op_id = ?", op_id); }
std::vector<VolumeRow> list_volumes(Tx& tx) { return select<VolumeRow>(tx.db(), "volume", "ORDER BY row, op_id"); }

void save_delegation(Tx& tx, const DelegationRow& delegation) {
    insert(tx.db(), "INSERT OR REPLACE", "delegation", delegation);
}
std::vector<DelegationRow> delegations(Tx& tx) {
    return select<DelegationRow>(tx.db(), "delegation", "ORDER BY instance, op_id");
}
std::optional<DelegationRow> delegation_of(Tx& tx, const std::optional<AddressRow>& address) {
    if (!address) return std::nullopt;
    return select_one<DelegationRow>(tx.db(), "delegation", "WHERE op_id = ?", address->delegation);
}
std::vector<DelegationRow> delegations_to_renew(Tx& tx, std::int64_t now_ms) {
    return select<DelegationRow>(tx.db(), "delegation", "WHERE renew_ms > 0 AND renew_ms <= ? ORDER BY op_id", now_ms);
}
std::int64_t next_delegation_ms(Tx& tx) {
    return first_number(tx.db().prepare("SELECT min(renew_ms) FROM delegation WHERE renew_ms > 0"));
}

bool assign_address(Tx& tx, const AddressRow& address) {
    return insert(tx.db(), "INSERT OR IGNORE", "address", address) == 1;
}
std::optional<AddressRow> address_of(Tx& tx, std::int64_t row) {
    return select_one<AddressRow>(tx.db(), "address", "WHERE row = ?", row);
}
bool address_is_taken(Tx& tx, const std::string& address) {
    return first_number(bound(tx.db(), "SELECT count(*) FROM address WHERE address = ?", address)) > 0;
}
void release_addresses(Tx& tx, std::int64_t row) { change(tx.db(), "DELETE FROM address WHERE row = ?", row); }
std::vector<AddressRow> list_addresses(Tx& tx) {
    return select<AddressRow>(tx.db(), "address", "ORDER BY row, address");
}
std::uint64_t count_addresses(Tx& tx, const std::string& hypervisor) {
    return static_cast<std::uint64_t>(
        first_number(bound(tx.db(), "SELECT count(*) FROM address WHERE hypervisor = ?", hypervisor)));
}

}  // namespace bh::life
