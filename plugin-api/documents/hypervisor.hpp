// Documents of the kind `bh.hypervisor/1`: schemas/hypervisor/1/.
#pragma once

#include "plugin-api/documents/common.hpp"
#include "plugin-api/documents/storage.hpp"

namespace bh {

struct HypervisorDescription {
    std::vector<std::string> volume_kinds;  // that it can attach
    std::string net_filter;                 // "kernel" | "backend"
    std::string accelerator;                // "kvm" | "tcg" | "" (unknown before the first start)
    std::vector<std::string> features;      // "guest", "console" ...
    std::uint32_t max_vms = 0;              // 0 = no limit of its own
};
Result<HypervisorDescription> parse_hypervisor_description(std::string_view json);
std::string to_json(const HypervisorDescription& description);

// NoCloud data. Three files of the seed; none holds a secret.
struct FirstBoot {
    std::string user_data, meta_data, network_config;
    bool operator==(const FirstBoot&) const = default;
};

struct VmSpec {
    std::string name;  // host name of the guest and of the VM: [a-z0-9-]{1,63}
    std::uint32_t cpus = 1;
    std::uint64_t memory_bytes = 0;
    std::vector<Volume> volumes;  // in order: the first boots
    // Direct kernel boot, from the image; empty: the first volume boots by itself.
    std::string kernel, initrd, cmdline;
    struct Network {
        std::string tap;      // name of the tap that the kernel's netd makes
        std::string mac;      // "52:54:00:..."
        std::string address;  // the VM's IPv6 address, without a prefix length
        std::string gateway;  // "fe80::1"
        bool operator==(const Network&) const = default;
    } network;
    FirstBoot first_boot;
    Tags tags;
};
Result<VmSpec> parse_vm_spec(std::string_view json);
std::string to_json(const VmSpec& spec);

struct Vm {
    std::string vm;          // id of this backend: what later verbs take (this whole document may be passed, too)
    std::string created_by;  // op_id
    std::string instance;
    std::string name;
    std::string state;                 // "running" | "stopped" | "paused" | "unknown"
    UnixTime started_at;               // 0 = not running
    std::string stopped_by;            // "guest", "host", "error" or "" when unknown or running
    std::vector<std::string> volumes;  // ids
    std::string tap, mac, address;
    Tags tags;
    // What it has now; 0 = not said. A hypervisor with the extension resize says both.
    std::uint32_t cpus = 0;
    std::uint64_t memory_bytes = 0;
    std::vector<std::string> waits{};  // of a resize, for the next start: "cpus", "memory_bytes", ids of volumes
};
Result<Vm> parse_vm(std::string_view json);
std::string to_json(const Vm& vm);

struct VmPage {
    std::vector<Vm> vms;
    std::string next;
};
Result<VmPage> parse_vm_page(std::string_view json);
std::string to_json(const VmPage& page);

// vm_resize(): vm-size.json
struct VmSize {
    std::uint32_t cpus = 1;
    std::uint64_t memory_bytes = 0;
    std::vector<Volume> volumes;  // of this VM, that the storage has grown: as they are now
};
Result<VmSize> parse_vm_size(std::string_view json);
std::string to_json(const VmSize& size);

// snapshot_create(): snapshot-spec.json
struct SnapshotSpec {
    std::string name;     // for people: [a-z0-9-]{1,63}
    bool memory = false;  // of a running VM: its memory, too; without it the snapshot is what a power cut would leave
    Tags tags;
};
Result<SnapshotSpec> parse_snapshot_spec(std::string_view json);
std::string to_json(const SnapshotSpec& spec);

struct Snapshot {
    std::string snapshot;    // id of this backend: what later verbs take (this whole document may be passed, too)
    std::string created_by;  // op_id
    std::string instance;
    std::string vm;  // id of the VM that it is of
    std::string name;
    bool memory = false;
    UnixTime created_at;
    Tags tags;
};
Result<Snapshot> parse_snapshot(std::string_view json);
std::string to_json(const Snapshot& snapshot);

struct SnapshotPage {
    std::vector<Snapshot> snapshots;
    std::string next;
};
Result<SnapshotPage> parse_snapshot_page(std::string_view json);
std::string to_json(const SnapshotPage& page);

// console_open(): console.json
struct Console {
    std::string unix_path;  // or
    std::string url;
    std::string protocol;  // "text", "vnc" ...
    UnixTime expires_at;   // 0 = never
};
Result<Console> parse_console(std::string_view json);
std::string to_json(const Console& console);

}  // namespace bh
