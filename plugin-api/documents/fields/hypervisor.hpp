// The members of the documents in hypervisor.hpp; see codec.hpp.
#pragma once

#include "plugin-api/documents/fields/storage.hpp"
#include "plugin-api/documents/hypervisor.hpp"

namespace bh {

template <class F>
void fields(F& f, Is<HypervisorDescription> auto& x) {
    f.required("volume_kinds", x.volume_kinds, "Kinds of volumes it can attach.");
    f.required("net_filter", x.net_filter, "Who keeps tenants apart: kernel or backend.");
    f.optional("accelerator", x.accelerator, "kvm, tcg, or empty before the first start.");
    f.optional("features", x.features, "Optional features: guest, console ...");
    f.optional("max_vms", x.max_vms, "Limit of its own; 0: none.");
}

template <class F>
void fields(F& f, Is<FirstBoot> auto& x) {
    f.required("user_data", x.user_data, "NoCloud user-data; nothing secret.");
    f.required("meta_data", x.meta_data, "NoCloud meta-data.");
    f.required("network_config", x.network_config, "NoCloud network-config, version 2.");
}

template <class F>
void fields(F& f, Is<VmSpec::Network> auto& x) {
    f.optional("tap", x.tap, "Name of the tap that the kernel's netd makes.");
    f.required("mac", x.mac, "MAC address of the VM.");
    f.required("address", x.address, "IPv6 address of the VM, without a prefix length.");
    f.required("gateway", x.gateway, "Default gateway of the VM.");
}

template <class F>
void fields(F& f, Is<VmSpec> auto& x) {
    f.required("name", x.name, "Host name of the guest and of the VM: [a-z0-9-]{1,63}.");
    f.required("cpus", x.cpus, "Virtual CPUs.");
    f.required("memory_bytes", x.memory_bytes, "Memory.");
    f.required("volumes", x.volumes, "In order: the first boots.");
    f.optional("kernel", x.kernel, "Direct boot: path of the kernel.");
    f.optional("initrd", x.initrd, "Direct boot: path of the initial RAM disk.");
    f.optional("cmdline", x.cmdline, "Direct boot: command line of the kernel.");
    f.required("network", x.network, "Its one network interface.");
    f.required("first_boot", x.first_boot, "NoCloud data.");
    f.optional("tags", x.tags, "What it is for.");
}

template <class F>
void fields(F& f, Is<Vm> auto& x) {
    f.required("vm", x.vm, "Id of this backend: what later verbs take.");
    f.required("created_by", x.created_by, "op_id that made it.");
    f.required("instance", x.instance, "Plugin instance that holds it.");
    f.required("name", x.name, "Host name.");
    f.required("state", x.state, "running, stopped, paused or unknown.");
    f.optional("started_at", x.started_at, "Since when it runs.");
    f.optional("stopped_by", x.stopped_by, "guest, host or error; empty when unknown or running.");
    f.optional("volumes", x.volumes, "Ids of its volumes.");
    f.optional("tap", x.tap, "Its tap.");
    f.optional("mac", x.mac, "Its MAC address.");
    f.optional("address", x.address, "Its IPv6 address.");
    f.optional("tags", x.tags, "What it is for.");
    f.optional("cpus", x.cpus, "Virtual CPUs that it has now; a hypervisor with the extension resize says it.");
    f.optional("memory_bytes", x.memory_bytes,
               "Memory that it has now; a hypervisor with the extension resize says it.");
    f.optional("waits", x.waits, "What of a resize waits for the next start: cpus, memory_bytes, ids of volumes.");
}

template <class F>
void fields(F& f, Is<VmPage> auto& x) {
    f.required("vms", x.vms, "VMs this plugin created.");
    f.optional("next", x.next, "Token of the next page; empty: this is the last.");
}

template <class F>
void fields(F& f, Is<VmSize> auto& x) {
    f.required("cpus", x.cpus, "Virtual CPUs.");
    f.required("memory_bytes", x.memory_bytes, "Memory.");
    f.optional("volumes", x.volumes, "Volumes of this VM that the storage has grown, as they are now.");
}

template <class F>
void fields(F& f, Is<SnapshotSpec> auto& x) {
    f.required("name", x.name, "Name for people: [a-z0-9-]{1,63}.");
    f.optional("memory", x.memory, "Whether the memory of a running VM is kept, too.");
    f.optional("tags", x.tags, "What it is for.");
}

template <class F>
void fields(F& f, Is<Snapshot> auto& x) {
    f.required("snapshot", x.snapshot, "Id of this backend: what later verbs take.");
    f.required("created_by", x.created_by, "op_id that made it.");
    f.required("instance", x.instance, "Plugin instance that holds it.");
    f.required("vm", x.vm, "Id of the VM that it is of.");
    f.required("name", x.name, "Name for people.");
    f.optional("memory", x.memory, "Whether the memory of the running VM is in it.");
    f.optional("created_at", x.created_at, "When it was made.");
    f.optional("tags", x.tags, "What it is for.");
}

template <class F>
void fields(F& f, Is<SnapshotPage> auto& x) {
    f.required("snapshots", x.snapshots, "Snapshots this plugin made.");
    f.optional("next", x.next, "Token of the next page; empty: this is the last.");
}

template <class F>
void fields(F& f, Is<Console> auto& x) {
    f.optional("unix_path", x.unix_path, "Path of a Unix socket; or url.");
    f.optional("url", x.url, "URL; or unix_path.");
    f.required("protocol", x.protocol, "text, vnc ...");
    f.optional("expires_at", x.expires_at, "When it ends; absent: never.");
}

}  // namespace bh
