#include "plugins/hypervisor-qemu/command_line.hpp"

#include <algorithm>

namespace hypervisor_qemu {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint32_t kMaxCpus = 64;
constexpr std::uint64_t kMinMemory = 64 * kMiB, kMaxMemory = kMiB << 20;
// What QEMU needs beside the guest's memory: translated code, devices, threads. Measured 90 to 160 MiB; a limit that is
// too tight kills a VM, one that is loose still stops a runaway.
constexpr std::uint64_t kOverhead = 512 * kMiB;
constexpr std::uint32_t kThreads = 96;  // 64 of its I/O pool, and what else it starts
constexpr std::uint32_t kTrialMemoryMiB = 256;

using Args = std::vector<std::string>;

// No comma, no equals sign, no percent: what an option string could take for something else.
bool is_plain_path(const std::string& path) {
    return path.size() > 1 && path.front() == '/' && path.size() < 1024 &&
           std::ranges::all_of(
               path,
               [](char c) {
                   return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view{"/._-+@"}.find(c) != std::string_view::npos;
               });
}

bool is_mac(const std::string& mac) {
    if (mac.size() != 17) return false;
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const char c = mac[i];
        if (i % 3 == 2 ? c != ':' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

void add(Args& args, std::initializer_list<std::string> more) { args.insert(args.end(), more); }

void add_machine(Args& args, Accelerator accelerator) {
    // Without defaults there is nothing that was not asked for here: no floppy, no VGA, no extra USB or SATA.
    add(args, {"-no-user-config", "-nodefaults", "-display", "none"});
    add(args, {"-machine", "q35,vmport=off,sata=off"});
    if (accelerator == Accelerator::kKvm) {
        add(args, {"-accel", "kvm", "-cpu", "host"});
    } else {
        // A translation buffer of 64 MiB instead of 1 GiB: half the resident memory for the same speed.
        add(args, {"-accel", "tcg,thread=multi,tb-size=64", "-cpu", "max"});
    }
    add(args, {"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"});
}

void add_disk(Args& args, const std::string& node, const std::string& blockdev, bool boots) {
    add(args, {"-blockdev", blockdev + ",node-name=" + node});
    add(args, {"-device", "virtio-blk-pci,drive=" + node + (boots ? ",bootindex=1" : "")});
}

void add_socket(Args& args, const std::string& id, const std::string& path) {
    add(args, {"-chardev", "socket,id=" + id + ",path=" + path + ",server=on,wait=off"});
}

bh::UnitPath file(const std::string& path, const char* access) { return {path, access, "file"}; }

}  // namespace

bh::Status check_spec(const bh::VmSpec& spec) {
    const auto refuse = [](const char* field, const std::string& what) {
        return bh::invalid("bad_spec", std::string{"/"} + field + " " + what);
    };
    if (!is_op_id(spec.name) || spec.name.size() > 63) return refuse("name", "must be of [a-z0-9-]{1,63}");
    if (spec.cpus < 1 || spec.cpus > kMaxCpus) return refuse("cpus", "must be from 1 to 64");
    if (spec.memory_bytes < kMinMemory || spec.memory_bytes > kMaxMemory || spec.memory_bytes % kMiB != 0) {
        return refuse("memory_bytes", "must be whole MiB from 64 MiB to 1 TiB");
    }
    if (spec.volumes.empty() || spec.volumes.size() > 8) return refuse("volumes", "must be 1 to 8 volumes");
    for (const auto& volume : spec.volumes) {
        if (volume.kind != "file")
            return refuse("volumes", "holds a volume of the kind \"" + volume.kind + "\": only files can be attached");
        if (volume.format != "qcow2" && volume.format != "raw")
            return refuse("volumes", "holds a volume that is neither qcow2 nor raw");
        if (!is_plain_path(volume.path))
            return refuse("volumes", "holds a path with characters other than letters, digits and /._-+@");
        if (!volume.backing.empty() && !is_plain_path(volume.backing))
            return refuse("volumes", "holds a backing path with other characters");
    }
    if (spec.kernel.empty() && !(spec.initrd.empty() && spec.cmdline.empty()))
        return refuse("kernel", "is missing, but initrd or cmdline is there");
    if (!spec.kernel.empty() && !is_plain_path(spec.kernel))
        return refuse("kernel", "must be an absolute path of plain characters");
    if (!spec.initrd.empty() && !is_plain_path(spec.initrd))
        return refuse("initrd", "must be an absolute path of plain characters");
    if (!std::ranges::all_of(spec.cmdline, [](char c) { return c >= ' ' && c < 127; }) || spec.cmdline.size() > 2048) {
        return refuse("cmdline", "must be at most 2048 printable characters");
    }
    if (!is_mac(spec.network.mac)) return refuse("network/mac", "must look like 52:54:00:12:34:56");
    if (!is_op_id(spec.network.tap) || spec.network.tap.size() > 15)
        return refuse("network/tap", "must be the name of a tap");
    return {};
}

bh::UnitSpec unit_spec(const bh::VmSpec& spec, const Paths& paths, Accelerator accelerator) {
    bh::UnitSpec unit;
    unit.program = kProgram;
    unit.memory_bytes = spec.memory_bytes + kOverhead;
    unit.max_processes = spec.cpus + kThreads;
    unit.paths.push_back({paths.run, "rw", "directory"});

    Args& args = unit.args;
    add(args, {"-name", "guest=" + spec.name});
    add_machine(args, accelerator);
    add(args, {"-smp", std::to_string(spec.cpus), "-m", std::to_string(spec.memory_bytes / kMiB), "-rtc", "base=utc"});
    if (!spec.kernel.empty()) {
        add(args, {"-kernel", spec.kernel});
        unit.paths.push_back(file(spec.kernel, "ro"));
        if (!spec.initrd.empty()) {
            add(args, {"-initrd", spec.initrd});
            unit.paths.push_back(file(spec.initrd, "ro"));
        }
        add(args, {"-append", spec.cmdline});
    }
    for (std::size_t i = 0; i < spec.volumes.size(); ++i) {
        const bh::Volume& volume = spec.volumes[i];
        add_disk(args, "vol" + std::to_string(i),
                 "driver=" + volume.format +
                     ",discard=unmap,file.driver=file,file.discard=unmap,file.filename=" + volume.path,
                 i == 0);
        unit.paths.push_back(file(volume.path, "rw"));
        if (!volume.backing.empty()) unit.paths.push_back(file(volume.backing, "ro"));
    }
    add_disk(args, "seed", "driver=raw,read-only=on,file.driver=file,file.read-only=on,file.filename=" + paths.seed(),
             false);
    unit.paths.push_back(file(paths.seed(), "rw"));

    // The tap is descriptor 3. Its option ROM would only offer to boot from the network.
    unit.fds.push_back({spec.network.tap, 0});
    add(args, {"-netdev", "tap,id=net0,fd=3,vhost=off", "-device",
               "virtio-net-pci,netdev=net0,romfile=,mac=" + spec.network.mac});
    add(args, {"-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0"});
    add_socket(args, "guest", paths.guest());
    add(args, {"-device", "virtio-serial-pci", "-device", "virtserialport,chardev=guest,name=org.blockhost.guest.0"});
    add_socket(args, "console", paths.console());
    add(args, {"-serial", "chardev:console"});
    add_socket(args, "qmp", paths.qmp());
    add(args, {"-mon", "chardev=qmp,mode=control"});
    return unit;
}

bh::UnitSpec trial_spec(const bh::VmSpec& spec, const Paths& paths) {
    bh::UnitSpec unit;
    unit.program = kProgram;
    unit.memory_bytes = kTrialMemoryMiB * kMiB + kOverhead;
    unit.max_processes = kThreads + 1;
    unit.paths = {{paths.run, "rw", "directory"}, file(spec.kernel, "ro")};
    add_machine(unit.args, Accelerator::kKvm);
    add(unit.args, {"-m", std::to_string(kTrialMemoryMiB), "-kernel", spec.kernel});
    if (!spec.initrd.empty()) {
        add(unit.args, {"-initrd", spec.initrd});
        unit.paths.push_back(file(spec.initrd, "ro"));
    }
    add(unit.args, {"-append", "console=ttyS0 panic=-1 loglevel=7", "-no-reboot"});
    add(unit.args, {"-chardev", "file,id=console,path=" + paths.trial_log(), "-serial", "chardev:console"});
    return unit;
}

}  // namespace hypervisor_qemu
