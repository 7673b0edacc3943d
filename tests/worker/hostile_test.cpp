// A hostile plugin in its sandbox: what it tries, what it gets, and what the operator hears of it
// (docs/plugins/threat-model.md lists these tests).
#include "tests/worker/real_signer.hpp"
#include "tests/worker/world.hpp"

#include <algorithm>

using namespace bh;
using namespace bh::worker;
using namespace bh::worker::testing;

namespace {

bool reported(World& world, const std::string& call) {
    return wait_until([&] {
        const auto denied = world.worker->state().denied;
        return std::ranges::find(denied, call) != denied.end();
    });
}

std::string link_of(pid_t pid, const char* name) {
    return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/ns/" + name).string();
}

std::uint64_t free_bytes(const char* path) {
    struct statvfs info{};
    REQUIRE(::statvfs(path, &info) == 0);
    return std::uint64_t{info.f_bfree} * info.f_frsize;
}

}  // namespace

TEST_CASE("the plugin's process has namespaces, a user and no capability of its own") {
    World world;
    const pid_t plugin = world.plugin_pid();
    REQUIRE(plugin > 0);
    for (const char* name : {"user", "mnt", "net", "pid", "ipc", "uts", "cgroup"})
        CHECK(link_of(plugin, name) != link_of(::getpid(), name));
    const std::string uid = std::to_string(world.uid());
    CHECK(world.status_field("Uid") == uid + "\t" + uid + "\t" + uid + "\t" + uid);
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
        CHECK(world.status_field(set) == "0000000000000000");
    CHECK(world.status_field("NoNewPrivs") == "1");
    CHECK(world.status_field("Seccomp") == "2");
    const auto state = world.worker->state();
    CHECK((state.limits == "cgroup2" || state.limits == "cgroup1" || state.limits == "rlimit"));
    CHECK(wait_until([&] { return world.worker->state().sandbox.find("seccomp") != std::string::npos; }));
    const std::string devices = read_text("/proc/" + std::to_string(plugin) + "/net/dev");
    CHECK(std::ranges::count(devices, '\n') == 3);  // two lines of headings, and lo
}

TEST_CASE("files of the host are not there, granted ones are") {
    launch::testing::Place place;
    Options options;
    options.worker = "memory_mib: 64, write: [PLACE/granted], read: [" + place.path() + "]";
    World world{options};
    REQUIRE(world.first);
    launch::testing::write_text(place / "file", "x");
    REQUIRE(::chmod((place / "file").c_str(), 0666) == 0);
    for (const char* path :
         {"/etc/shadow", "/etc/passwd", "/root/.ssh/id_ed25519", "/var/lib/blockhost/journal.db",
          "/run/blockhost/signer/signer.sock", "/proc/1/environ", "/proc/kcore", "/sys/kernel", "/dev/mem"}) {
        INFO(path);
        CHECK(world.ask("read", path).value() != "allowed");
        CHECK(reported(world, std::string{"open "} + path));
    }
    // Not even what the kernel's group may write: the launcher's own socket directory, the instance's neighbours. The
    // sandbox has a /tmp of its own, in which these places of the test are not.
    for (const std::string& path : {world.place / "run/launch/x", world.place / "state/x"})
        CHECK(world.ask("write", path).value() != "allowed");
    for (const std::string& path :
         {std::string{"/run/blockhost/launch/x"}, std::string{"/var/lib/blockhost/journal.db"},
          std::string{"/usr/lib/x"}, std::string{"/x"}, place / "file"}) {
        INFO(path);
        CHECK(world.ask("write", path).value() != "allowed");
        CHECK(reported(world, "write " + path));
    }
    const auto denied = world.worker->state().denied.size();
    CHECK(world.ask("read", place / "file").value() == "allowed");
    CHECK(world.ask("write", world.place / "granted/x").value() == "allowed");
    CHECK(std::filesystem::exists(world.place / "granted/x"));
    CHECK(world.ask("write", "/tmp/x").value() == "allowed");
    CHECK_FALSE(std::filesystem::exists("/tmp/x"));
    CHECK(world.ask("read", "/usr/bin/env").value() == "allowed");
    CHECK(world.worker->state().denied.size() == denied);  // what it may is not told
}

TEST_CASE(
    "a file that is granted alone, in a directory to be read, is written and not replaced; the operator is told how") {
    Options options;
    options.worker = "memory_mib: 64, read: [PLACE/shared], write: [PLACE/shared/state.json]";
    options.prepare = [](const launch::testing::Place& place, uid_t uid) {
        launch::testing::write_text(place / "shared/state.json", "{}");
        REQUIRE(::chown((place / "shared/state.json").c_str(), uid, launch::testing::kKernelUser) == 0);
    };
    World world{options};
    REQUIRE(world.first);
    const std::string file = world.place / "shared/state.json", beside = file + ".new";
    CHECK(world.ask("read", file).value() == "allowed");
    CHECK(world.ask("write", file).value() == "allowed");
    CHECK(world.ask("create", file).value() == "File exists");
    CHECK(world.ask("create", beside).value() == "Read-only file system");
    CHECK(world.ask("write", "/tmp/new").value() == "allowed");
    CHECK(world.ask("rename", "/tmp/new " + file).value() != "allowed");
    CHECK(wait_until([&] {
        return std::ranges::any_of(world.worker->state().denied, [&](const std::string& told) {
            return told.starts_with("write " + beside) && told.find("grants " + file + " alone") != std::string::npos;
        });
    }));
}

TEST_CASE("a directory to be read stays so within one to be written") {
    Options options;
    options.worker = "memory_mib: 64, write: [PLACE/granted], read: [PLACE/granted/kept]";
    options.prepare = [](const launch::testing::Place& place, uid_t uid) {
        place.directory("granted/kept", 0775, uid);
    };
    World world{options};
    REQUIRE(world.first);
    CHECK(world.ask("create", world.place / "granted/x").value() == "allowed");
    CHECK(world.ask("create", world.place / "granted/kept/x").value() == "Read-only file system");
}

TEST_CASE("a granted path that is not there is named, with what to do") {
    Options options;
    options.worker = "memory_mib: 64, write: [PLACE/granted/none.json]";
    World world{options};
    REQUIRE_FALSE(world.first);
    const std::string& said = world.first.failure().message;
    INFO(said);
    CHECK(said.find("worker.write: " + (world.place / "granted/none.json")) != std::string::npos);
    CHECK(said.find("grant its directory") != std::string::npos);
}

TEST_CASE("processes, programs, sockets, tracing, mounts: each is refused and reported") {
    World world;
    const std::pair<const char*, const char*> tries[] = {
        {"socket", "socket"}, {"unix", "socket"},          {"connect", "connect"}, {"ptrace", "ptrace"},
        {"fork", "clone"},    {"shell", "execve"},         {"mount", "mount"},     {"namespace", "unshare"},
        {"bpf", "bpf"},       {"uring", "io_uring_setup"}, {"fastopen", "sendto"}};
    for (const auto& [act, call] : tries) {
        INFO(act);
        CHECK(world.ask(act, "/x").value() == "EPERM");
        CHECK(reported(world, call));
    }
    // Nobody else is there to be killed.
    CHECK(world.ask("kill-all").value() != "allowed");
    CHECK(world.ask("echo", "still there").value() == "still there");
    CHECK(world.worker->state().ends == 0);
}

TEST_CASE("local sockets are a grant of their own, and of granted paths only") {
    Options options;
    options.worker = "memory_mib: 64, local_sockets: true, write: [PLACE/granted]";
    World world{options};
    REQUIRE(world.first);
    CHECK(world.ask("socket").value() == "EPERM");
    CHECK(world.ask("unix", world.place / "run/launch/launch.sock").value() == "No such file or directory");
    CHECK(world.ask("unix", world.place / "granted/none.sock").value() == "No such file or directory");
}

TEST_CASE("a bomb of processes makes none, and is reported") {
    World world;
    CHECK(world.ask("forks").value() == "0");
    CHECK(reported(world, "clone"));
    CHECK(world.ask("echo", "x").value() == "x");
}

TEST_CASE("a transfer is not signed, also for a plugin that may sign, and the operator is told") {
    const launch::testing::Place place;
    auto log = signer::AuditLog::open(place / "signatures.jsonl");
    REQUIRE(log);
    RealSigner real{std::move(*log)};
    Options options;
    options.grants = {{BH_SVC_SIGNER}, {"agent"}, {}};
    options.signer = &real;
    World world{options};
    const auto ask = [&](const char* name) {
        const Bytes payload = transaction(name);
        return world.ask("sign-payload", {payload.begin(), payload.end()});
    };
    CHECK(ask("decline"));
    for (const char* name : {"value", "value to itself", "another destination", "another function", "another chain"}) {
        INFO(name);
        const auto refused = ask(name);
        REQUIRE_FALSE(refused);
        CHECK(refused.failure().code == BH_E_DENIED);
        CHECK(wait_until(
            [&] { return world.log.has("was refused \"signer.sign\" (" + refused.failure().reason + ")"); }));
    }
    // One signature was made, the lawful one.
    const std::string signatures = read_text(place / "signatures.jsonl");
    CHECK(std::ranges::count(signatures, '\n') == 1);
    // A key that the operator did not grant is not even asked for.
    CHECK(world.ask("sign", "statement").failure().reason == "not_granted");
    CHECK(wait_until([&] { return world.log.has("was refused \"signer.sign\" (not_granted)"); }));
}

TEST_CASE("a bomb of threads stops at the limit") {
    World world;
    const int made = std::stoi(world.ask("threads").value());
    CHECK(made > 4);
    CHECK(made <= 24);
    CHECK(reported(world, "came to its limit of 24 threads"));
    CHECK(world.ask("echo", "x").value() == "x");
}

TEST_CASE("memory stops at the limit, and the kernel goes on") {
    Options options;
    options.patience = quick();
    World world{options};
    for (const char* act : {"memory", "memory-shared", "memory-files"}) {
        INFO(act);
        const auto eaten = world.ask(act);
        if (eaten) {
            CHECK(*eaten == "refused");  // by rlimits
            if (std::string_view{act} == "memory")
                CHECK(reported(world, "came to its limit of 64 MiB of memory"));
            else
                CHECK(reported(world, std::string_view{act} == "memory-files" ? "memfd_create" : "mmap"));
        } else {
            INFO(eaten.failure().message);
            CHECK(eaten.failure().code == BH_E_UNKNOWN_OUTCOME);
            CHECK(eaten.failure().message.find("memory limit") != std::string::npos);
        }
        CHECK(wait_until([&] { return world.ask("echo", "x").ok(); }));
    }
}

TEST_CASE("the disk can't be filled: 64 MiB of its own, and the host's free space is the same") {
    Options options;
    options.worker = "memory_mib: 256";
    World world{options};
    const auto root = free_bytes("/"), scratch = free_bytes("/tmp");
    const std::string text = world.ask("disk").value();
    CHECK(text == std::to_string(64 << 20) + " No space left on device");
    constexpr std::uint64_t kNoise = std::uint64_t{32} << 20;  // of whatever else this machine does
    CHECK(free_bytes("/") + kNoise > root);
    CHECK(free_bytes("/tmp") + kNoise > scratch);
    CHECK(reported(world, "came to its 64 MiB of /tmp"));
}

TEST_CASE(
    "a plugin that wakes without end waits by itself: the kernel reads a thousand of them a second, and does its "
    "work") {
    World world;
    REQUIRE(world.ask("wake"));
    REQUIRE(wait_until([&] { return world.wakes > Pace::kBurst; }));
    const auto cpu_ms = [] {
        timespec used{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        return used.tv_sec * 1000 + used.tv_nsec / 1'000'000;
    };
    const std::uint64_t from_ns = monotonic_ns(), from = world.wakes;
    const auto from_ms = cpu_ms();
    CHECK(*world.ask("echo", "hello") == "hello");
    while (monotonic_ns() - from_ns < 2'000'000'000) std::this_thread::sleep_for(std::chrono::milliseconds{10});
    const auto used_ms = cpu_ms() - from_ms;
    const std::uint64_t read = world.wakes - from, took_ms = (monotonic_ns() - from_ns) / 1'000'000;
    CHECK(read <= took_ms * Pace::kPerSecond / 1000 + Pace::kBurst / 10);
    CHECK(used_ms < static_cast<long>(took_ms) / 4);
    CHECK(world.worker->state().word == "running");
}
