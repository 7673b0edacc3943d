// One host for the VM tests, as root: launcher, a netd that only opens taps, storage-dir with an image,
// hypervisor-qemu. All in a directory, a network namespace and a range of uids of its own; nothing is left afterwards.
// Plugins are called as the kernel's user.
#pragma once

#include "kernel/ipc/server.hpp"
#include "kernel/launch/testing.hpp"
#include "tests/vm/kernel_double.hpp"
#include "tests/vm/loaded_plugin.hpp"

#include <map>
#include <optional>
#include <thread>

namespace vm_test {

using bh::launch::testing::AsKernel;
using bh::launch::testing::kKernelUser;
using bh::launch::testing::read_text;
using bh::launch::testing::wait_until;
using bh::launch::testing::write_text;

// Hands out descriptors of taps that were opened before the test gave up root.
class TapDaemon {
public:
    TapDaemon(const std::string& socket, const std::vector<std::string>& taps);
    ~TapDaemon();
    TapDaemon(const TapDaemon&) = delete;
    TapDaemon& operator=(const TapDaemon&) = delete;

private:
    std::map<std::string, bh::Fd> taps_;
    bh::Fd stop_;
    std::thread thread_;
};

inline const std::string kVm = "a1a2a3a4a5a6a7a8a9a0a1a2a3a4a5a6a7a8a9a0";
inline const std::string kOtherVm = "b1b2b3b4b5b6b7b8b9b0b1b2b3b4b5b6b7b8b9b0";

class World {
public:
    World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // A fresh instance of the plugin, as after a restart of its host.
    void restart_hypervisor(const std::string& more_config = "");

    bh::Result<bh::Volume> make_volume(const std::string& op_id);
    bh::VmSpec spec(const std::string& vm, const bh::Volume& volume) const;

    bh::Result<bh::Vm> create(const std::string& vm, const bh::VmSpec& spec);
    // Again and again while it is BH_PENDING, as the kernel does.
    bh::Status power(const std::string& vm, std::uint32_t action, const std::string& op_id = "power");
    bh::Status power_once(const std::string& vm, std::uint32_t action, const Call& call);
    bh::Status destroy(const std::string& vm);
    bh::Result<bh::Vm> get(const std::string& vm);
    bh::Result<bh::VmPage> list();
    bh::Result<bh_vm_stats> stats(const std::string& vm);
    bh::Result<bh::Console> console(const std::string& vm, std::uint32_t type = BH_CONSOLE_TEXT);
    bh::Result<std::string> ask(const std::string& vm, const std::string& request);
    // Until the guest's helper answers.
    std::string ask_until_up(const std::string& vm, const std::string& request);
    bh::Result<bh::Unit> unit(const std::string& vm);

    bh::launch::testing::Place place;

private:
    std::string instances() const;

    TapDaemon taps_;

public:
    bh::launch::testing::Launcher launcher;

private:
    KernelDouble storage_kernel_, hypervisor_kernel_;
    std::optional<Instance> storage_, hypervisor_;
    bh::Image image_;
};

}  // namespace vm_test
