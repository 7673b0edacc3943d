// Every document there is, once with all members set and once with as few as possible. For tests and the schema tool.
#pragma once

#include "plugin-api/documents/fields/chain.hpp"
#include "plugin-api/documents/fields/contract.hpp"
#include "plugin-api/documents/fields/hypervisor.hpp"
#include "plugin-api/documents/fields/ipv6.hpp"
#include "plugin-api/documents/fields/launch.hpp"

namespace bh::samples {

inline const Position kPosition{"0xab", (std::uint64_t{1} << 53) + 1};
inline const UnixTime kTime{1795560000};
inline const Block kBlock{kPosition, kTime};
inline const Tags kTags{"eip155:31337", "0xc0", "subscription:7", "system", "0xtx:0"};
inline const Amount kAmount{"115792089237316195423570985008687907853269984665640564039457584007913129639935"};

inline ChainEvent event() {
    ChainEvent e{"plan", kPosition, kTime,    "0xtx", 3,     1,       "PlanCreated", "7",    "2",
                 "0xb0", "0xb1",    "native", "0x0d", 86400, kAmount, kTime,         {1, 2}, {}};
    e.plan_state = ChainEvent::PlanState{"{}", 600, 86400, 1, true, UINT64_MAX, "0xa9"};
    return e;
}

inline SubscriptionState state() {
    return {true,  kPosition, kTime, "7",  "2",  "0x0d", "0xb0", "0xb1", 86400, "native", kAmount, kTime,
            kTime, kTime,     true,  true, true, true,   true,   true,   true,  kAmount,  kTime,   7};
}

inline Volume volume() {
    return {"v-1", "op-1", "store", "file", "/pool/v-1.qcow2", "qcow2", "/pool/base.qcow2", 1 << 30, kTags};
}

inline VmSpec vm_spec() {
    return {"bh-7-abcdef",
            2,
            1 << 29,
            {volume()},
            "/k",
            "/i",
            "quiet",
            {"bh0123456789ab", "52:54:00:00:00:01", "2001:db8:b10c::7", "fe80::1"},
            {"#cloud-config\n", "instance-id: x\n", "version: 2\n"},
            kTags};
}

inline Vm vm() {
    return {"vm-1",  "op-1",  "machines",       "bh-7-abcdef",       "stopped",          kTime,
            "guest", {"v-1"}, "bh0123456789ab", "52:54:00:00:00:01", "2001:db8:b10c::7", kTags,
            2,       1 << 29, {"memory_bytes"}};
}

inline Snapshot snapshot() { return {"s-1", "op-1", "machines", "vm-1", "before-upgrade", true, kTime, kTags}; }

inline Delegation delegation() {
    return {"d-1", "op-1", "static", "2001:db8:b10c::/64", "routed", "eth1", {"2001:db8:b10c::1"}, kTime, kTags};
}

inline Unit unit() { return {"op-1", "ended", 90001, 4711, kTime, 0, 9, "cgroup2", 1000, 2048, 10, 20}; }

// The struct whose table is that of the document: lists are documents with one member.
template <class T>
const T& table_of(const T& document) {
    return document;
}
inline PoolList table_of(const std::vector<Pool>& pools) { return {pools}; }
inline FindingList table_of(const std::vector<Finding>& findings) { return {findings}; }

// Calls visit(kind, name, title, filled, minimal, parse) for each document; the file is schemas/KIND/1/NAME.json.
template <class V>
void each(V&& visit) {
    visit("chain", "chain-description", "What a chain instance is and can do",
          ChainDescription{"eip155:31337",
                           "0xc0",
                           "0xc1",
                           {"deliver"},
                           {"eip191"},
                           {"nft"},
                           {"seal-2"},
                           {{"agent", "0xa9"}},
                           1000,
                           "ETH",
                           18,
                           2,
                           {{"https://node.example",
                             "behind",
                             true,
                             kPosition,
                             3,
                             100,
                             2,
                             40,
                             "it hung up",
                             kTime,
                             kTime,
                             {{"omitted_log", 1, kTime, 7}},
                             ChainEndpoint::Heads{"subscribed", 12, 4711, kTime, 1, "it hung up"}}}},
          ChainDescription{}, parse_chain_description);
    visit("chain", "chain-events", "What happened on the chain after a cursor",
          ChainEvents{{event()}, kBlock, kBlock, kBlock, {kBlock}, "c1", true, true}, ChainEvents{},
          parse_chain_events);
    visit("chain", "intent", "What the host wants to do on the chain",
          Intent{"deliver", "7", "0x0d", kTime, {1}, {2}, "full", "0xb0", "2", 9, kTime, kTime, "native", {"7"}},
          Intent{}, parse_intent);
    visit("chain", "receipt", "A transaction in a final block", Receipt{"0xtx", kPosition, kTime, kAmount}, Receipt{},
          parse_receipt);
    visit("chain", "subscription-state", "What the contract says about a subscription", state(), SubscriptionState{},
          parse_subscription_state);
    visit("chain", "owner", "Who owns a credential", OwnerAnswer{true, kPosition, "0xb0", "0xb1"}, OwnerAnswer{},
          parse_owner);
    visit("chain", "balances", "What an account holds",
          Balances{kPosition,
                   {{"native",
                     "ETH",
                     18,
                     kAmount,
                     Balances::Escrow{kAmount, kAmount, kAmount, kAmount},
                     {{"0xb0", 10'000, kAmount, kAmount}}}},
                   "0xc0"},
          Balances{}, parse_balances);
    visit("chain", "verification", "Whether a signature is valid", Verification{true, kPosition}, Verification{},
          parse_verification);
    visit("chain", "chain-read", "One read of a contract", ChainRead{"0xc0", {1}}, ChainRead{}, parse_chain_read);
    visit("chain", "chain-value", "What a contract answered", ChainValue{kPosition, true, {1}}, ChainValue{},
          parse_chain_value);
    visit("chain", "contract-call", "A transaction to any contract", ContractCall{"call", "0xc0", {1}}, ContractCall{},
          parse_contract_call);
    visit("chain", "chain-filter", "Logs that are wanted", ChainFilter{{"0xc0"}, {{}, {{1}, {2}}}}, ChainFilter{},
          parse_chain_filter);
    visit("chain", "chain-logs", "Logs of contracts after a cursor",
          ChainLogs{kPosition, {{"0xc0", {{1}}, {2}, kPosition, kTime, "0xtx", 3}}, kBlock, "c1", true}, ChainLogs{},
          parse_chain_logs);
    visit("hypervisor", "hypervisor-description", "What a hypervisor instance is and can do",
          HypervisorDescription{{"file"}, "kernel", "tcg", {"guest"}, 10}, HypervisorDescription{},
          parse_hypervisor_description);
    visit("hypervisor", "vm-spec", "The VM that is wanted", vm_spec(), VmSpec{}, parse_vm_spec);
    visit("hypervisor", "vm", "A VM as it is", vm(), Vm{}, parse_vm);
    visit("hypervisor", "vms", "A page of VMs", VmPage{{vm()}, "p2"}, VmPage{}, parse_vm_page);
    visit("hypervisor", "vm-size", "The size that a VM gets", VmSize{4, 1 << 30, {volume()}}, VmSize{}, parse_vm_size);
    visit("hypervisor", "snapshot-spec", "The snapshot that is wanted", SnapshotSpec{"before-upgrade", true, kTags},
          SnapshotSpec{}, parse_snapshot_spec);
    visit("hypervisor", "snapshot", "A snapshot of a VM", snapshot(), Snapshot{}, parse_snapshot);
    visit("hypervisor", "snapshots", "A page of snapshots", SnapshotPage{{snapshot()}, "p2"}, SnapshotPage{},
          parse_snapshot_page);
    visit("hypervisor", "console", "Where a VM's console is", Console{"/run/c.sock", "wss://x", "text", kTime},
          Console{}, parse_console);
    visit("ipv6", "ipv6-description", "What an IPv6 provider is and can do", Ipv6Description{{64}, {"renew"}},
          Ipv6Description{}, parse_ipv6_description);
    visit("ipv6", "delegation-request", "The prefix that is wanted", DelegationRequest{64, kTags}, DelegationRequest{},
          parse_delegation_request);
    visit("ipv6", "delegation", "A prefix delegation", delegation(), Delegation{}, parse_delegation);
    visit("ipv6", "delegations", "A page of prefix delegations", DelegationPage{{delegation()}, "p2"}, DelegationPage{},
          parse_delegation_page);
    visit("storage", "storage-description", "What a storage instance is and can do",
          StorageDescription{{"file"}, {"grow"}}, StorageDescription{}, parse_storage_description);
    visit("storage", "pools", "Places that could hold volumes",
          std::vector<Pool>{{"p", "/pool", 10, 5, true, "formats /dev/x"}}, std::vector<Pool>{}, parse_pools);
    visit("storage", "image", "A guest image",
          Image{"debian-12", "sha256:00", "/img", "qcow2", 1 << 30, "/k", "/i", "quiet", kTime}, Image{}, parse_image);
    visit("storage", "volume-spec", "The volume that is wanted", VolumeSpec{"bh-7-system", "sha256:00", 1 << 30, kTags},
          VolumeSpec{}, parse_volume_spec);
    visit("storage", "volume", "A volume", volume(), Volume{}, parse_volume);
    visit("storage", "volumes", "A page of volumes", VolumePage{{volume()}, "p2"}, VolumePage{}, parse_volume_page);
    visit("svc/launch", "unit-spec", "The unit that is wanted",
          UnitSpec{"machine", {"-m", "1G"}, 1 << 30, 64, {{"/a", "rw", "file"}}, {{"bh0", 1}}}, UnitSpec{},
          parse_unit_spec);
    visit("svc/launch", "unit", "A unit as it is", unit(), Unit{}, parse_unit);
    visit("svc/launch", "units", "A page of units", UnitPage{{unit()}, "p2"}, UnitPage{}, parse_unit_page);
    visit("svc/launch", "run", "A one-shot program to run", RunRequest{"lvcreate", {"-L", "1G"}, {1}}, RunRequest{},
          parse_run_request);
    visit("svc/launch", "run-result", "How a one-shot program ended", RunResult{-1, {1}, {2}}, RunResult{},
          parse_run_result);
    visit("svc/store", "keys", "A page of keys", KeyPage{{"a/b"}, "p2"}, KeyPage{}, parse_key_page);
    visit("common", "findings", "What a check of a configuration found",
          std::vector<Finding>{{"/url", "error", "nobody answers", "start the node"}}, std::vector<Finding>{},
          parse_findings);
    visit("common", "position", "A point of one branch of a chain", kPosition, kPosition, parse_position);
}

}  // namespace bh::samples
