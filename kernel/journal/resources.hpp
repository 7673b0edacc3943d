// Queries: what we hold: VMs, volumes, delegations, addresses. Inside a transaction only.
#pragma once

#include "kernel/journal/journal.hpp"

namespace bh::life {

void save_vm(Tx& tx, const VmRow& vm);
std::optional<VmRow> vm_of(Tx& tx, std::int64_t row);
std::optional<VmRow> vm_by_op_id(Tx& tx, const std::string& op_id);
void remove_vm(Tx& tx, const std::string& op_id);
std::vector<VmRow> list_vms(Tx& tx);

void save_volume(Tx& tx, const VolumeRow& volume);
std::vector<VolumeRow> volumes_of(Tx& tx, std::int64_t row);
std::optional<VolumeRow> volume_by_op_id(Tx& tx, const std::string& op_id);
void remove_volume(Tx& tx, const std::string& op_id);
std::vector<VolumeRow> list_volumes(Tx& tx);

void save_delegation(Tx& tx, const DelegationRow& delegation);
std::vector<DelegationRow> delegations(Tx& tx);
// The delegation that this address is out of.
std::optional<DelegationRow> delegation_of(Tx& tx, const std::optional<AddressRow>& address);
std::vector<DelegationRow> delegations_to_renew(Tx& tx, std::int64_t now_ms);
std::int64_t next_delegation_ms(Tx& tx);  // 0 = none

// False: the address or the name is taken.
bool assign_address(Tx& tx, const AddressRow& address);
std::optional<AddressRow> address_of(Tx& tx, std::int64_t row);
bool address_is_taken(Tx& tx, const std::string& address);
void release_addresses(Tx& tx, std::int64_t row);
std::vector<AddressRow> list_addresses(Tx& tx);
std::uint64_t count_addresses(Tx& tx, const std::string& hypervisor);

}  // namespace bh::life
