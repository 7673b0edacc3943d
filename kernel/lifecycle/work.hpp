// What each step does: the verbs it calls, in which order, on a worker thread. It knows no journal: everything it needs
// comes in as values, everything it learnt goes out as values. Each function is safe to run again (seams.hpp).
#pragma once

#include "kernel/lifecycle/assign.hpp"
#include "kernel/lifecycle/config.hpp"
#include "kernel/lifecycle/ports.hpp"
#include "kernel/lifecycle/standing.hpp"

namespace bh::life {

struct WorkInput {
    SubscriptionRow row;
    JobRow job;
    std::optional<PlanRow> plan;
    std::optional<VmRow> vm;
    std::vector<VolumeRow> volumes;
    std::optional<AddressRow> address;
    std::optional<DelegationRow> delegation;  // of the address
    std::optional<CredentialRow> credential;
    std::map<std::string, std::int64_t> stages;
    Block final_block;
    std::uint32_t min_agree = 0;
    ChainDescription chain;
    std::string vm_op_id, volume_op_id;  // created_by of what this purchase's creates make
    std::string hypervisor, storage;     // instances that hold, or will hold, its VM and volumes
    AddressSets taken;                   // that netd and the hypervisors listed lately; none: they have to be asked
};

struct WorkResult {
    bh_status code = BH_OK;
    Failure failure;       // when code is not BH_OK
    bool refused = false;  // the guard, read anew, did not hold: nothing was done
    std::optional<View> view;
    std::optional<Volume> volume;
    std::optional<Vm> vm;
    std::optional<GuestHello> hello;
    std::optional<CredentialRow> credential;
    std::optional<Receipt> receipt;
    AddressSets taken;          // that netd and the hypervisors list
    std::uint32_t max_vms = 0;  // of the hypervisor; 0 = no limit of its own
    std::string image_digest;
};

WorkResult perform(const WorkInput& input, const EngineConfig& config, Ports& ports, const Call& call);

// Both reads of a look. A failure says nothing about the subscription.
Result<View> look(ChainPort& chain, const std::string& id, const Block& final_block, std::uint32_t min_agree);

// A VM's place on the network, as netd is asked for it.
NetworkBinding binding_of(const VmRow& vm, const std::optional<DelegationRow>& delegation);

// All pages.
Result<std::vector<Vm>> all_vms(HypervisorPort& hypervisor);
Result<std::vector<Volume>> all_volumes(StoragePort& storage);

// What `recover` matches (documents/common.hpp).
Tags tags_of(const SubscriptionRow& row, Step step);
std::string purchase_epoch(const SubscriptionRow& row);
std::string op_id_of(const SubscriptionRow& row, Step step, const std::string& epoch);

// More than this many pages of one list is a plugin's endless loop.
inline constexpr std::size_t kMaxPages = 10'000;

}  // namespace bh::life
