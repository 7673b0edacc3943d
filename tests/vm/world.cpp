#include "tests/vm/world.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include <cstring>

namespace vm_test {
namespace {

using namespace std::chrono_literals;

constexpr auto kBootTime = 120s;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

std::string tap_of(const std::string& vm) { return "bh" + vm.substr(0, 12); }

// A network of the test's own, before the first thread.
std::string own_network(const std::string& value) {
    REQUIRE(::unshare(CLONE_NEWNET) == 0);
    return value;
}

bh::Fd open_tap(const std::string& name) {
    bh::Fd fd{::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)};
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
    REQUIRE(fd.valid());
    REQUIRE(::ioctl(fd.get(), TUNSETIFF, &request) == 0);
    return fd;
}

}  // namespace

TapDaemon::TapDaemon(const std::string& socket, const std::vector<std::string>& taps)
    : stop_{::eventfd(0, EFD_CLOEXEC)} {
    for (const auto& tap : taps) taps_.emplace(tap, open_tap(tap));
    bh::ipc::Verb tap_open{[this](bh::ipc::Request& request) -> bh::Result<bh::ipc::Reply> {
                               const auto tap = taps_.find(request.args.value("tap", ""));
                               if (tap == taps_.end()) return bh::Failure{BH_E_NOT_FOUND, "no_tap", "no such tap"};
                               bh::ipc::Reply reply;
                               reply.fds.emplace_back(::dup(tap->second.get()));
                               return reply;
                           },
                           {}};
    auto server =
        bh::ipc::Server::listen({socket, 0600, static_cast<gid_t>(-1), {}, false}, {{"tap_open", std::move(tap_open)}});
    REQUIRE(server);
    thread_ = std::thread{[this, server = std::move(*server)]() mutable { server.run(stop_.get()); }};
}

TapDaemon::~TapDaemon() {
    const std::uint64_t one = 1;
    if (::write(stop_.get(), &one, sizeof one) != sizeof one) std::abort();
    thread_.join();
}

std::string World::instances() const {
    const std::string pool = place / "pool";
    return "  dir:\n    tools:\n      qemu-img:\n        path: /usr/bin/qemu-img\n        commands:\n"
           "          - [create, -q, -f, qcow2, -F, raw, -b, \"" +
           pool + "/images/[0-9a-f]{64}\\\\.img\", \"" + pool +
           "/volumes/\\\\.[0-9a-f]+\\\\.new\", \"[0-9]+\"]\n"
           "          - [info, \"--output=json\", -f, raw, \"" +
           pool +
           "/images/\\\\.import-.+\"]\n"
           "  qemu:\n    programs: {qemu-system-x86_64: /usr/bin/qemu-system-x86_64}\n    directories: [" +
           place / "run/vm" + ", " + place / "vm" + ", " + pool + ", " + place / "images" + "]\n";
}

World::World()
    : taps_{own_network(place / "netd.sock"), {tap_of(kVm), tap_of(kOtherVm)}},
      launcher{place, instances(), "netd_socket: " + place / "netd.sock" + "\n"},
      storage_kernel_{"dir", launcher.socket()},
      hypervisor_kernel_{"qemu", launcher.socket()} {
    place.directory("pool", 0711);
    place.directory("vm", 0711);
    place.directory("images", 0755);
    for (const char* file : {"vmlinuz", "initrd.img"}) {
        std::filesystem::copy_file(std::string{GUEST_DIRECTORY} + "/" + file, place / "images" + "/" + file);
        ::chmod((place / "images" + "/" + file).c_str(), 0644);
    }
    std::string disk(4 * kMiB, '\0');
    disk.replace(0, 14, "from the image");
    write_text(place / "images" + "/disk.raw", disk);
    image_.name = "test";
    image_.path = place / "images" + "/disk.raw";
    image_.format = "raw";
    image_.size_bytes = disk.size();
    // sha256 of the file, by the tool that everybody has.
    std::FILE* sum = ::popen(("sha256sum " + image_.path).c_str(), "r");
    char hex[65] = {};
    REQUIRE(std::fread(hex, 1, 64, sum) == 64);
    ::pclose(sum);
    image_.digest = std::string{"sha256:"} + hex;

    const AsKernel kernel;
    storage_.emplace(STORAGE_PLUGIN, storage_kernel_.kernel(), R"({"path":")" + place / "pool" + "\"}");
    const Call call{"c0ffee"};
    const std::string text = bh::to_json(image_);
    const auto imported = storage_->document(bh::parse_image, [&](bh_instance* self, bh_sink out, bh_error* err) {
        return storage_->table<bh_storage>(BH_STORAGE).image_import(self, call.c(), bh::sdk::str(text), out, err);
    });
    if (!imported) FAIL(imported.failure().message);
    restart_hypervisor();
}

void World::restart_hypervisor(const std::string& more_config) {
    hypervisor_.reset();
    hypervisor_.emplace(QEMU_PLUGIN, hypervisor_kernel_.kernel(),
                        R"({"state":")" + place / "vm" + R"(","run":")" + place / "run/vm" + "\"" + more_config + "}");
}

bh::Result<bh::Volume> World::make_volume(const std::string& op_id) {
    const AsKernel kernel;
    const Call call{op_id};
    bh::VolumeSpec spec;
    spec.name = "bh-7-system";
    spec.image_digest = image_.digest;
    spec.size_bytes = 16 * kMiB;
    const std::string text = bh::to_json(spec);
    return storage_->document(bh::parse_volume, [&](bh_instance* self, bh_sink out, bh_error* err) {
        return storage_->table<bh_storage>(BH_STORAGE).volume_create(self, call.c(), bh::sdk::str(text), out, err);
    });
}

bh::VmSpec World::spec(const std::string& vm, const bh::Volume& volume) const {
    bh::VmSpec spec;
    spec.name = "bh-7-" + vm.substr(0, 6);
    spec.memory_bytes = 128 * kMiB;
    spec.volumes = {volume};
    spec.kernel = place / "images" + "/vmlinuz";
    spec.initrd = place / "images" + "/initrd.img";
    spec.cmdline = "console=ttyS0 quiet panic=1";
    spec.network = {tap_of(vm), "52:54:00:12:34:" + vm.substr(0, 2), "2001:db8:b10c::7", "fe80::1"};
    spec.first_boot = {"#cloud-config\nblockhost: {}\n", "instance-id: " + vm + "\n", "version: 2\n"};
    spec.tags = {"eip155:31337", "0xabc", "subscription:7", "", "0xfeed:0"};
    return spec;
}

bh::Result<bh::Vm> World::create(const std::string& vm, const bh::VmSpec& spec) {
    const AsKernel kernel;
    const Call call{vm};
    const std::string text = bh::to_json(spec);
    return hypervisor_->document(bh::parse_vm, [&](bh_instance* self, bh_sink out, bh_error* err) {
        return hypervisor_->table<bh_hypervisor>(BH_HYPERVISOR).vm_create(self, call.c(), bh::sdk::str(text), out, err);
    });
}

bh::Status World::power_once(const std::string& vm, std::uint32_t action, const Call& call) {
    const AsKernel kernel;
    return hypervisor_->verb([&](bh_instance* self, bh_error* err) {
        return hypervisor_->table<bh_hypervisor>(BH_HYPERVISOR).vm_power(self, call.c(), bh::sdk::str(vm), action, err);
    });
}

bh::Status World::power(const std::string& vm, std::uint32_t action, const std::string& op_id) {
    const auto deadline = std::chrono::steady_clock::now() + kBootTime;
    for (;;) {
        const Call call{op_id};
        auto done = power_once(vm, action, call);
        if (done || done.failure().code != BH_PENDING || std::chrono::steady_clock::now() > deadline) return done;
        std::this_thread::sleep_for(std::chrono::milliseconds{std::min(done.failure().retry_after_ms, 1000u)});
    }
}

bh::Status World::destroy(const std::string& vm) {
    const AsKernel kernel;
    const Call call{"destroy"};
    return hypervisor_->verb([&](bh_instance* self, bh_error* err) {
        return hypervisor_->table<bh_hypervisor>(BH_HYPERVISOR).vm_destroy(self, call.c(), bh::sdk::str(vm), err);
    });
}

bh::Result<bh::Vm> World::get(const std::string& vm) {
    const AsKernel kernel;
    return hypervisor_->document(bh::parse_vm, [&](bh_instance* self, bh_sink out, bh_error* err) {
        return hypervisor_->table<bh_hypervisor>(BH_HYPERVISOR).vm_get(self, bh::sdk::str(vm), out, err);
    });
}

bh::Result<bh::VmPage> World::list() {
    const AsKernel kernel;
    return hypervisor_->document(bh::parse_vm_page, [&](bh_instance* self, bh_sink out, bh_error* err) {
        return hypervisor_->table<bh_hypervisor>(BH_HYPERVISOR).vm_list(self, bh::sdk::str(""), out, err);
    });
}

bh::Result<bh_vm_stats> World::stats(const std::string& vm) {
    const AsKernel kernel;
    bh_vm_stats stats{};
    stats.struct_size = sizeof stats;
    const auto status = hypervisor_->verb([&](bh_instance* self, bh_error* err) {
        return hypervisor_->table<bh_hypervisor>(BH_HYPERVISOR).vm_stats(self, bh::sdk::str(vm), &stats, err);
    });
    if (!status) return status.failure();
    return stats;
}

bh::Result<bh::Console> World::console(const std::string& vm, std::uint32_t type) {
    const AsKernel kernel;
    const Call call{"console"};
    return hypervisor_->document(bh::parse_console, [&](bh_instance* self, bh_sink out, bh_error* err) {
        return hypervisor_->table<bh_hypervisor_console>(BH_HYPERVISOR_CONSOLE)
            .console_open(self, call.c(), bh::sdk::str(vm), type, out, err);
    });
}

bh::Result<std::string> World::ask(const std::string& vm, const std::string& request) {
    const AsKernel kernel;
    const Call call{"ask"};
    bh::sdk::Collector out;
    const auto status = hypervisor_->verb([&](bh_instance* self, bh_error* err) {
        return hypervisor_->table<bh_hypervisor_guest>(BH_HYPERVISOR_GUEST)
            .guest_exchange(self, call.c(), bh::sdk::str(vm), bh::sdk::raw(request), out.sink(), err);
    });
    if (!status) return status.failure();
    return out.text();
}

std::string World::ask_until_up(const std::string& vm, const std::string& request) {
    std::string answer;
    const bool up = wait_until(
        [&] {
            const auto got = ask(vm, request);
            if (got) answer = *got;
            return got.ok();
        },
        kBootTime);
    REQUIRE(up);
    return answer;
}

bh::Result<bh::Unit> World::unit(const std::string& vm) {
    return launcher.call([&](bh::launch::Client& client) { return client.status("qemu", vm); });
}

}  // namespace vm_test
