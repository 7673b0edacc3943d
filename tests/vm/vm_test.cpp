// The life of VMs on real parts: QEMU, the launcher, storage-dir and hypervisor-qemu through the C ABI, a tiny guest.
#include "tests/vm/world.hpp"

#include "kernel/launch/process_id.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace vm_test;

namespace {

std::string value(const std::string& answer, const std::string& key) {
    const auto at = (" " + answer).find(" " + key + "=");
    REQUIRE(at != std::string::npos);
    return answer.substr(at + key.size() + 1, answer.find(' ', at + 1) - at - key.size() - 1);
}

std::string status_field(pid_t pid, const std::string& name) {
    const std::string status = read_text("/proc/" + std::to_string(pid) + "/status");
    const auto at = status.find("\n" + name + ":\t");
    return at == std::string::npos
               ? ""
               : status.substr(at + name.size() + 3, status.find('\n', at + 1) - at - name.size() - 3);
}

bh::Vm started(World& world, const std::string& vm) {
    const auto volume = world.make_volume(vm);
    REQUIRE(volume);
    REQUIRE(world.create(vm, world.spec(vm, *volume)));
    const auto power = world.power(vm, BH_POWER_START);
    if (!power) FAIL(power.failure().message);
    return *world.get(vm);
}

bool stops(World& world, const std::string& vm) {
    return wait_until([&] { return world.get(vm)->state == "stopped"; }, std::chrono::seconds{60});
}

// Whether a process of this user could open the file.
bool opens(uid_t uid, const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setresgid(uid, uid, uid) != 0 || ::setresuid(uid, uid, uid) != 0) ::_exit(2);
        ::_exit(::open(path.c_str(), O_RDONLY) >= 0 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WEXITSTATUS(status) != 2);
    return WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("a VM is created stopped, started, talked to, shut down and destroyed; nothing is left") {
    World world;
    const auto volume = *world.make_volume(kVm);
    const auto spec = world.spec(kVm, volume);
    const auto created = world.create(kVm, spec);
    REQUIRE(created);
    CHECK(created->state == "stopped");
    CHECK(created->created_by == kVm);
    CHECK(created->instance == "qemu");
    CHECK(created->stopped_by.empty());
    CHECK(world.create(kVm, spec)->vm == created->vm);
    auto other = spec;
    other.cpus = 2;
    CHECK(world.create(kVm, other).failure().code == BH_E_CONFLICT);
    CHECK(world.console(kVm).failure().code == BH_E_UNAVAILABLE);
    CHECK(world.ask(kVm, "hello").failure().code == BH_E_UNAVAILABLE);

    REQUIRE(world.power(kVm, BH_POWER_START));
    REQUIRE(world.power(kVm, BH_POWER_START));
    const auto running = world.get(kVm);
    CHECK(running->state == "running");
    CHECK(running->started_at.seconds > 0);

    const std::string hello = world.ask_until_up(kVm, "hello");
    CHECK(value(hello, "seed") == "CIDATA");
    CHECK(value(hello, "mac") == spec.network.mac);
    CHECK(value(hello, "sectors") == "32768");
    CHECK(*world.ask(kVm, "read") == "from the image");
    CHECK(*world.ask(kVm, "write a tenant's words") == "ok");

    const auto unit = world.unit(kVm);
    REQUIRE(unit);
    const auto pid = static_cast<pid_t>(unit->pid);
    CHECK(status_field(pid, "Uid").starts_with(std::to_string(unit->uid) + "\t"));
    CHECK(status_field(pid, "CapEff") == "0000000000000000");
    CHECK(status_field(pid, "NoNewPrivs") == "1");
    CHECK(status_field(pid, "Seccomp") == "2");

    const auto stats = world.stats(kVm);
    REQUIRE(stats);
    CHECK(stats->state == BH_VM_RUNNING);
    CHECK(stats->cpu_ns > 0);
    CHECK(stats->memory_used_bytes > 0);
    CHECK(stats->disk_read_bytes > 0);
    CHECK(stats->disk_write_bytes >= 512);

    // The guest hears the power button: far faster than the rungs after it.
    const auto before = std::chrono::steady_clock::now();
    REQUIRE(world.power(kVm, BH_POWER_SHUTDOWN));
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{60});
    CHECK(world.get(kVm)->state == "stopped");
    CHECK(world.get(kVm)->stopped_by == "host");
    CHECK(world.unit(kVm)->exit_code == 0);

    REQUIRE(world.power(kVm, BH_POWER_START));
    world.ask_until_up(kVm, "hello");
    CHECK(*world.ask(kVm, "read") == "a tenant's words");
    REQUIRE(world.power(kVm, BH_POWER_OFF));
    CHECK(world.get(kVm)->stopped_by == "host");

    REQUIRE(world.destroy(kVm));
    REQUIRE(world.destroy(kVm));
    CHECK(world.get(kVm).failure().code == BH_E_NOT_FOUND);
    const auto listed = world.list();
    REQUIRE(listed);
    CHECK(listed->vms.empty());
    CHECK(std::filesystem::is_empty(world.place / "run/vm"));
    for (const auto& entry : std::filesystem::directory_iterator{world.place / "vm"})
        CHECK(entry.path().filename() == ".accelerator.json");
    CHECK(bh::launch::process_stat(pid).state == 0);
}

TEST_CASE("a VM outlives kill -9 of the launcher and of the plugin's host, and is found again") {
    World world;
    const auto volume = *world.make_volume(kVm);
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t host = ::fork();
    if (host == 0) {
        const bool up = world.create(kVm, world.spec(kVm, volume)).ok() && world.power(kVm, BH_POWER_START).ok();
        if (::write(ready[1], up ? "y" : "n", 1) == 1) ::pause();
        ::_exit(1);
    }
    ::close(ready[1]);
    char up = 0;
    REQUIRE(::read(ready[0], &up, 1) == 1);
    ::close(ready[0]);
    ::kill(host, SIGKILL);
    ::waitpid(host, nullptr, 0);
    REQUIRE(up == 'y');
    const std::string boot = value(world.ask_until_up(kVm, "hello"), "boot");
    const auto pid = world.unit(kVm)->pid;

    world.launcher.kill_and_restart();
    {
        const AsKernel kernel;
        world.restart_hypervisor();
    }
    const auto found = world.list();
    REQUIRE(found);
    REQUIRE(found->vms.size() == 1);
    CHECK(found->vms[0].created_by == kVm);
    CHECK(found->vms[0].state == "running");
    CHECK(found->vms[0].tags == world.spec(kVm, volume).tags);
    CHECK(world.unit(kVm)->pid == pid);
    CHECK(value(world.ask_until_up(kVm, "hello"), "boot") == boot);
    REQUIRE(world.power(kVm, BH_POWER_START));
    CHECK(world.unit(kVm)->pid == pid);
    REQUIRE(world.power(kVm, BH_POWER_SHUTDOWN));
}

TEST_CASE("a VM that is powered off from inside is stopped by its guest, and starts again") {
    World world;
    started(world, kVm);
    world.ask_until_up(kVm, "hello");
    CHECK_FALSE(world.ask(kVm, "poweroff"));
    REQUIRE(stops(world, kVm));
    CHECK(world.get(kVm)->stopped_by == "guest");
    REQUIRE(world.power(kVm, BH_POWER_START));
    CHECK(world.get(kVm)->stopped_by.empty());
    world.ask_until_up(kVm, "hello");
}

TEST_CASE("QEMU that dies is an error, not the guest's doing") {
    World world;
    started(world, kVm);
    ::kill(static_cast<pid_t>(world.unit(kVm)->pid), SIGSEGV);
    REQUIRE(stops(world, kVm));
    CHECK(world.get(kVm)->stopped_by == "error");
}

TEST_CASE("a guest that ignores the power button is shut down by the next rungs") {
    World world;
    {
        const AsKernel kernel;
        world.restart_hypervisor(R"(,"shutdown_grace_s":2)");
    }
    started(world, kVm);
    world.ask_until_up(kVm, "hello");
    CHECK(*world.ask(kVm, "deaf") == "ok");
    const auto before = std::chrono::steady_clock::now();
    REQUIRE(world.power(kVm, BH_POWER_SHUTDOWN));
    CHECK(std::chrono::steady_clock::now() - before >= std::chrono::seconds{1});
    CHECK(world.get(kVm)->stopped_by == "host");
}

TEST_CASE("a QEMU that does not even listen is ended by the last rung") {
    World world;
    {
        const AsKernel kernel;
        world.restart_hypervisor(R"(,"shutdown_grace_s":1)");
    }
    started(world, kVm);
    ::kill(static_cast<pid_t>(world.unit(kVm)->pid), SIGSTOP);
    REQUIRE(world.power(kVm, BH_POWER_SHUTDOWN));
    CHECK(world.unit(kVm)->signal == SIGKILL);
    CHECK(world.get(kVm)->stopped_by == "host");
}

TEST_CASE("a VM is reset once per op_id") {
    World world;
    started(world, kVm);
    const std::string first = value(world.ask_until_up(kVm, "hello"), "boot");
    Call reset{"reset-1"};
    REQUIRE(world.power_once(kVm, BH_POWER_RESET, reset));
    CHECK(reset.saved == "reset");
    std::string second;
    REQUIRE(wait_until(
        [&] {
            const auto hello = world.ask(kVm, "hello");
            if (hello) second = value(*hello, "boot");
            return hello && second != first;
        },
        std::chrono::seconds{120}));
    const Call again{"reset-1", reset.saved};
    CHECK(world.power_once(kVm, BH_POWER_RESET, again));
    const Call unclear{"reset-2", "reset"};
    CHECK(world.power_once(kVm, BH_POWER_RESET, unclear).failure().code == BH_E_UNKNOWN_OUTCOME);
    CHECK(value(world.ask_until_up(kVm, "hello"), "boot") == second);
}

TEST_CASE("one exchange per guest at a time, the second is refused as busy") {
    World world;
    started(world, kVm);
    world.ask_until_up(kVm, "hello");
    const AsKernel kernel;
    bool answered = false;
    std::thread slow{[&] {
        // It may come second to one of the main thread's.
        bh::Result<std::string> answer = world.ask(kVm, "wait");
        while (!answer && answer.failure().code == BH_E_BUSY) answer = world.ask(kVm, "wait");
        answered = answer.ok();
    }};
    CHECK(wait_until([&] {
        const auto second = world.ask(kVm, "hello");
        return !second && second.failure().code == BH_E_BUSY;
    }));
    slow.join();
    CHECK(answered);
}

TEST_CASE("two VMs have nothing in common: other users, and neither reads the other's disk") {
    World world;
    started(world, kVm);
    started(world, kOtherVm);
    const auto one = *world.unit(kVm), two = *world.unit(kOtherVm);
    CHECK(one.uid != two.uid);
    const std::string disk = world.place / ("pool/volumes/" + kOtherVm + ".qcow2"),
                      seed = world.place / ("run/vm/" + kOtherVm + "/seed.iso");
    CHECK(opens(two.uid, disk));
    CHECK_FALSE(opens(one.uid, disk));
    CHECK(opens(two.uid, seed));
    CHECK_FALSE(opens(one.uid, seed));
    CHECK_FALSE(opens(one.uid, world.place / ("vm/" + kOtherVm + ".json")));
    REQUIRE(world.destroy(kVm));
    CHECK(world.get(kOtherVm)->state == "running");
}

TEST_CASE("the console is a socket of the VM") {
    World world;
    started(world, kVm);
    const auto console = world.console(kVm);
    REQUIRE(console);
    CHECK(console->protocol == "text");
    CHECK(world.console(kVm, BH_CONSOLE_SCREEN).failure().code == BH_E_UNSUPPORTED);
    const AsKernel kernel;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, console->unix_path.c_str(), sizeof address.sun_path - 1);
    const bh::Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    std::string said;
    char buffer[1024];
    for (ssize_t count;
         said.find("init: up") == std::string::npos && (count = ::read(fd.get(), buffer, sizeof buffer)) > 0;)
        said.append(buffer, static_cast<std::size_t>(count));
    CHECK(said.find("init: up") != std::string::npos);
}

TEST_CASE("a VM whose disk is damaged does not start, and says so") {
    World world;
    const auto volume = *world.make_volume(kVm);
    REQUIRE(world.create(kVm, world.spec(kVm, volume)));
    std::filesystem::resize_file(volume.path, 100);
    const auto power = world.power(kVm, BH_POWER_START);
    REQUIRE_FALSE(power);
    CHECK(power.failure().code == BH_E_UNAVAILABLE);
    CHECK(power.failure().reason == "qemu_ended");
    CHECK(world.get(kVm)->state == "stopped");
}

TEST_CASE("specs that QEMU could misread are refused by name") {
    World world;
    const auto volume = *world.make_volume(kVm);
    const auto refused = [&](const bh::VmSpec& spec, const std::string& field) {
        const auto created = world.create(kVm, spec);
        REQUIRE_FALSE(created);
        CHECK(created.failure().code == BH_E_INVALID);
        CHECK(created.failure().message.find(field) != std::string::npos);
    };
    auto spec = world.spec(kVm, volume);
    spec.volumes[0].path += ",readonly=on";
    refused(spec, "/volumes");
    spec = world.spec(kVm, volume);
    spec.network.mac = "52:54:00:12:34:56,romfile=/etc/shadow";
    refused(spec, "/network/mac");
    spec = world.spec(kVm, volume);
    spec.name = "a,process=b";
    refused(spec, "/name");
    spec = world.spec(kVm, volume);
    spec.kernel = "/boot/vmlinuz,x";
    refused(spec, "/kernel");
    spec = world.spec(kVm, volume);
    spec.memory_bytes = 1;
    refused(spec, "/memory_bytes");
    spec = world.spec(kVm, volume);
    spec.volumes[0].kind = "rbd";
    refused(spec, "/volumes");
    const auto listed = world.list();
    REQUIRE(listed);
    CHECK(listed->vms.empty());
}
