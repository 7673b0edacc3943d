// The launcher with real processes, as root: who runs as whom, what survives what, and what is refused.
#include "kernel/launch/process_id.hpp"
#include "kernel/launch/testing.hpp"

#include "kernel/ipc/server.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>

using namespace blockhost;
using namespace blockhost::launch;
using namespace blockhost::launch::testing;

namespace {

const std::string kOwner = "a0000000000000000000000000000000000000aa";
const std::string kOther = "b0000000000000000000000000000000000000bb";

struct World {
    Place place;
    std::string vms = place / "run/vm", pool = place.directory("pool", 0711);
    Launcher launcher{place, instances()};

    std::string instances() const {
        return "  qemu:\n    programs: {sh: /bin/sh, missing: /nowhere/program}\n    directories: [" + vms + ", " +
               pool +
               "]\n  dir:\n    tools:\n      sh: {path: /bin/sh, commands: [[\"-c\", \"[a-z0-9 ;/>&-]+\"]]}\n"
               "      cat: {path: /bin/cat, commands: [[]]}\n";
    }
    bh::UnitSpec spec(const std::string& script) const {
        bh::UnitSpec spec;
        spec.program = "sh";
        spec.args = {"-c", script};
        spec.memory_bytes = std::uint64_t{512} << 20;
        spec.max_processes = 32;
        return spec;
    }
    bh::UnitSpec spec_in(const std::string& owner, const std::string& script) const {
        bh::UnitSpec made = spec("cd " + vms + "/" + owner + "; " + script);
        made.paths = {{vms + "/" + owner, "rw", "directory"}};
        return made;
    }
    bh::Result<bh::Unit> start(const std::string& unit, const bh::UnitSpec& spec, const std::vector<int>& fds = {}) {
        return launcher.call([&](Client& c) { return c.start("qemu", unit, unit.substr(0, 40), spec, "", fds); });
    }
    bh::Result<bh::Unit> status(const std::string& unit) {
        return launcher.call([&](Client& c) { return c.status("qemu", unit); });
    }
    bh::Status signal(const std::string& unit, int number) {
        return launcher.call([&](Client& c) { return c.signal("qemu", unit, number); });
    }
    bool ends(const std::string& unit) {
        return wait_until([&] {
            const auto now = status(unit);
            return now && now->state == "ended";
        });
    }
    std::string file(const std::string& name, mode_t mode = 0660, uid_t owner = kKernelUser) const {
        write_text(pool + "/" + name, "x");
        REQUIRE(::chown((pool + "/" + name).c_str(), owner, kKernelUser) == 0);
        REQUIRE(::chmod((pool + "/" + name).c_str(), mode) == 0);
        return pool + "/" + name;
    }
    // What start says to one path.
    bh::Failure refusal(const bh::UnitPath& path) {
        auto wanted = spec("exit 0");
        wanted.paths = {path};
        const auto started = start(kOwner, wanted);
        REQUIRE_FALSE(started);
        REQUIRE(status(kOwner).failure().code == BH_E_NOT_FOUND);
        return started.failure();
    }
};

std::string field(const std::string& status, const std::string& name) {
    const auto at = status.find("\n" + name + ":\t");
    return at == std::string::npos
               ? ""
               : status.substr(at + name.size() + 3, status.find('\n', at + 1) - at - name.size() - 3);
}

bh::Failure raw_call(World& world, const std::string& verb, const nlohmann::json& args, uid_t as = kKernelUser) {
    const AsKernel kernel{as};
    ipc::Client client{world.launcher.socket(), "blockhost-launch"};
    const auto answer = client.call(verb, args);
    REQUIRE_FALSE(answer);
    return answer.failure();
}

}  // namespace

TEST_CASE("a unit has a uid of its own, no privilege, no environment and no descriptor of others") {
    World world;
    const auto unit = world.start(
        kOwner,
        world.spec_in(
            kOwner,
            "cat /proc/self/status >status; env >env; ls /proc/self/fd >fds; id -G >groups; >done; exec sleep 1000"));
    REQUIRE(unit);
    CHECK(unit->state == "running");
    CHECK(unit->uid == world.launcher.first_uid());
    const std::string home = world.vms + "/" + kOwner + "/";
    REQUIRE(wait_until([&] { return std::filesystem::exists(home + "done"); }));
    const std::string status = read_text(home + "status"), uid = std::to_string(unit->uid);
    CHECK(field(status, "Uid") == uid + "\t" + uid + "\t" + uid + "\t" + uid);
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) CHECK(field(status, set) == "0000000000000000");
    CHECK(field(status, "NoNewPrivs") == "1");
    CHECK(read_text(home + "groups") == uid + "\n");
    CHECK(read_text(home + "fds") == "0\n1\n2\n3\n");  // 3: the directory that ls reads
    const std::string environment = read_text(home + "env");
    CHECK(environment.find("LANG=C.UTF-8") != std::string::npos);
    CHECK(environment.find("HOME=") == std::string::npos);

    struct stat directory{}, made{};
    REQUIRE(::stat(home.c_str(), &directory) == 0);
    REQUIRE(::stat((home + "done").c_str(), &made) == 0);
    CHECK((directory.st_mode & 07777) == 02770);
    CHECK(directory.st_uid == unit->uid);
    CHECK(directory.st_gid == kKernelUser);
    CHECK((made.st_mode & 07777) == 0660);
    CHECK(made.st_gid == kKernelUser);
}

TEST_CASE("the launcher keeps four capabilities") {
    World world;
    const std::string status = read_text("/proc/" + std::to_string(world.launcher.pid()) + "/status");
    const std::string kept = "00000000000000e1";  // CHOWN, KILL, SETGID, SETUID
    CHECK(field(status, "CapEff") == kept);
    CHECK(field(status, "CapPrm") == kept);
    CHECK(field(status, "CapBnd") == kept);
    CHECK(field(status, "CapInh") == "0000000000000000");
}

TEST_CASE("a unit survives kill -9 of the launcher and is found again") {
    World world;
    const auto spec = world.spec("exec sleep 1000");
    const auto before = world.start(kOwner, spec);
    REQUIRE(before);
    world.launcher.kill_and_restart();
    const auto after = world.status(kOwner);
    REQUIRE(after);
    CHECK(after->state == "running");
    CHECK(after->pid == before->pid);
    const auto again = world.start(kOwner, spec);
    REQUIRE(again);
    CHECK(again->pid == before->pid);
    CHECK(world.start(kOwner, world.spec("exec sleep 1001")).failure().code == BH_E_CONFLICT);
}

TEST_CASE("the end of a unit is recorded while no launcher runs") {
    World world;
    REQUIRE(world.start(kOwner, world.spec_in(kOwner, "while [ ! -e go ]; do sleep 0.01; done; exit 7")));
    world.launcher.stop(SIGKILL);
    write_text(world.vms + "/" + kOwner + "/go", "");
    REQUIRE(
        wait_until([&] { return read_text(world.place / ("state/qemu/" + kOwner + ".run")).starts_with("ended"); }));
    world.launcher.start();
    const auto unit = world.status(kOwner);
    REQUIRE(unit);
    CHECK(unit->state == "ended");
    CHECK(unit->exit_code == 7);
    CHECK_FALSE(unit->signal);
}

TEST_CASE("a unit that ended starts anew, with the same uid and another spec if wanted") {
    World world;
    const auto first = world.start(kOwner, world.spec("exit 3"));
    REQUIRE(first);
    REQUIRE(world.ends(kOwner));
    const auto second = world.start(kOwner, world.spec("exec sleep 1000"));
    REQUIRE(second);
    CHECK(second->state == "running");
    CHECK(second->uid == first->uid);
}

TEST_CASE("a signal reaches the unit's first process") {
    World world;
    REQUIRE(world.start(kOwner, world.spec("exec sleep 1000")));
    REQUIRE(world.signal(kOwner, SIGTERM));
    REQUIRE(world.ends(kOwner));
    CHECK(world.status(kOwner)->signal == SIGTERM);
    CHECK(world.signal(kOwner, SIGTERM));
    CHECK(world.signal(kOther, SIGTERM).failure().code == BH_E_NOT_FOUND);
}

TEST_CASE("SIGKILL ends everything the unit started, also what left its session") {
    World world;
    const auto unit = world.start(kOwner, world.spec_in(kOwner, "setsid sleep 1000 & echo $! >child; exec sleep 1000"));
    REQUIRE(unit);
    const std::string child = world.vms + "/" + kOwner + "/child";
    REQUIRE(wait_until([&] { return read_text(child).ends_with("\n"); }));
    REQUIRE(world.signal(kOwner, SIGKILL));
    REQUIRE(world.ends(kOwner));
    CHECK(world.status(kOwner)->signal == SIGKILL);
    const char state = process_stat(std::stoi(read_text(child))).state;
    CHECK((state == 0 || state == 'Z'));
}

TEST_CASE("a unit whose supervisor was killed is still found, and its end is seen") {
    World world;
    const auto unit = world.start(kOwner, world.spec("exec sleep 1000"));
    REQUIRE(unit);
    ::kill(process_stat(static_cast<pid_t>(unit->pid)).parent, SIGKILL);
    CHECK(world.status(kOwner)->state == "running");
    REQUIRE(world.signal(kOwner, SIGKILL));
    REQUIRE(world.ends(kOwner));
    CHECK_FALSE(world.status(kOwner)->exit_code);
}

TEST_CASE("units have different uids, and a uid is used again only when its unit's files are gone") {
    World world;
    const auto first = world.start(kOwner, world.spec_in(kOwner, "exit 0"));
    const auto second = world.start(kOther, world.spec_in(kOther, "exec sleep 1000"));
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->uid != second->uid);
    REQUIRE(world.ends(kOwner));
    const std::string third_name = "c" + kOwner.substr(1), fourth_name = "d" + kOwner.substr(1);
    const auto third = world.start(third_name, world.spec("exec sleep 1000"));
    REQUIRE(third);
    CHECK(third->uid != first->uid);
    std::filesystem::remove_all(world.vms + "/" + kOwner);
    const auto fourth = world.start(fourth_name, world.spec("exec sleep 1000"));
    REQUIRE(fourth);
    CHECK(fourth->uid == first->uid);
}

TEST_CASE("files are given to the unit, shared ones are only read") {
    World world;
    auto spec = world.spec("cat " + world.pool + "/shared >" + world.pool + "/own && exec sleep 1000");
    spec.paths = {{world.file("own"), "rw", "file"}, {world.file("shared", 0644), "ro", "file"}};
    write_text(world.pool + "/shared", "content");
    const auto unit = world.start(kOwner, spec);
    REQUIRE(unit);
    REQUIRE(wait_until([&] { return read_text(world.pool + "/own") == "content"; }));
    struct stat own{}, shared{};
    REQUIRE(::stat((world.pool + "/own").c_str(), &own) == 0);
    REQUIRE(::stat((world.pool + "/shared").c_str(), &shared) == 0);
    CHECK(own.st_uid == unit->uid);
    CHECK(own.st_gid == kKernelUser);
    CHECK((own.st_mode & 07777) == 0660);
    CHECK(shared.st_uid == kKernelUser);
}

TEST_CASE("paths that break a rule are refused and nothing is started") {
    World world;
    CHECK(world.refusal({"/etc/passwd", "ro", "file"}).code == BH_E_DENIED);
    CHECK(world.refusal({world.pool + "/../pool/x", "rw", "file"}).code == BH_E_INVALID);
    CHECK(world.refusal({world.pool + "/none", "rw", "file"}).code == BH_E_NOT_FOUND);
    CHECK(world.refusal({world.file("root", 0660, 0), "rw", "file"}).code == BH_E_DENIED);
    CHECK(world.refusal({world.file("stranger", 0660, 12345), "rw", "file"}).code == BH_E_DENIED);
    CHECK(world.refusal({world.file("closed", 0600), "ro", "file"}).code == BH_E_DENIED);
    CHECK(world.refusal({world.pool, "rw", "directory"}).code == BH_E_DENIED);
    std::filesystem::create_symlink("/etc/shadow", world.pool + "/link");
    CHECK(world.refusal({world.pool + "/link", "rw", "file"}).code == BH_E_DENIED);
    std::filesystem::create_directory_symlink("/etc", world.pool + "/sub");
    CHECK(world.refusal({world.pool + "/sub/shadow", "rw", "file"}).code == BH_E_DENIED);
    std::filesystem::create_hard_link(world.file("one"), world.pool + "/two");
    CHECK(world.refusal({world.pool + "/two", "rw", "file"}).code == BH_E_DENIED);
    CHECK(world.refusal({world.file("plain"), "rw", "directory"}).code == BH_E_DENIED);
    CHECK(world.refusal({world.file("plain"), "exec", "file"}).code == BH_E_INVALID);
}

TEST_CASE("an allowed directory that became a link is refused") {
    World world;
    world.file("volume");
    std::filesystem::rename(world.pool, world.pool + ".real");
    std::filesystem::create_directory_symlink(world.pool + ".real", world.pool);
    CHECK(world.refusal({world.pool + "/volume", "rw", "file"}).code == BH_E_DENIED);
}

TEST_CASE("a file of one unit is never given to another") {
    World world;
    auto spec = world.spec("exec sleep 1000");
    spec.paths = {{world.file("volume"), "rw", "file"}};
    REQUIRE(world.start(kOwner, spec));
    CHECK(world.start(kOther, spec).failure().code == BH_E_DENIED);
}

TEST_CASE("what is not listed or not owned is refused") {
    World world;
    auto unlisted = world.spec("exit 0");
    unlisted.program = "bash";
    CHECK(world.start(kOwner, unlisted).failure().code == BH_E_DENIED);
    auto absent = world.spec("exit 0");
    absent.program = "missing";
    CHECK(world.start(kOwner, absent).failure().code == BH_E_INVALID);
    CHECK(world.launcher.call([&](Client& c) { return c.start("other", kOwner, kOwner, world.spec("exit 0"), ""); })
              .failure()
              .code == BH_E_DENIED);
    CHECK(world.launcher.call([&](Client& c) { return c.start("qemu", kOther, kOwner, world.spec("exit 0"), ""); })
              .failure()
              .code == BH_E_INVALID);
    auto tap = world.spec("exit 0");
    tap.fds = {{"bh" + kOther.substr(0, 12), 0}};
    CHECK(world.launcher.call([&](Client& c) { return c.start("qemu", kOwner, kOwner, tap, kOwner); }).failure().code ==
          BH_E_DENIED);
    auto passed = world.spec("exit 0");
    passed.fds = {{"", 0}};
    CHECK(world.start(kOwner, passed).failure().code == BH_E_INVALID);
}

TEST_CASE("only the kernel's user is served, and only known verbs with known arguments") {
    World world;
    // The refusal, or the end of the connection while the request was still on its way.
    const bh_status stranger = raw_call(world, "check", nlohmann::json::object(), 0).code;
    CHECK((stranger == BH_E_DENIED || stranger == BH_E_UNKNOWN_OUTCOME));
    CHECK(raw_call(world, "exec", nlohmann::json::object()).code == BH_E_INVALID);
    CHECK(raw_call(world, "status", {{"instance", "qemu"}}).message.find("\"unit\"") != std::string::npos);
    CHECK(raw_call(world, "status", {{"instance", "qemu"}, {"unit", "../x"}}).code == BH_E_INVALID);
    CHECK(raw_call(world, "status", {{"instance", "qemu"}, {"unit", kOwner}, {"force", true}})
              .message.find("\"force\"") != std::string::npos);
    CHECK(raw_call(world, "signal", {{"instance", "qemu"}, {"unit", kOwner}, {"number", 4096}}).code == BH_E_INVALID);
}

TEST_CASE("descriptors that were passed arrive as 3 and on") {
    World world;
    auto spec = world.spec("echo hello >&3; exec sleep 1000");
    spec.fds = {{"", 0}};
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(world.start(kOwner, spec, {ends[1]}));
    ::close(ends[1]);
    char text[8] = {};
    CHECK(::read(ends[0], text, sizeof text) == 6);
    CHECK(std::string{text} == "hello\n");
    ::close(ends[0]);
}

TEST_CASE("the tap comes from netd, by the name and the owner of the request") {
    Place place;
    const std::string socket = place / "netd.sock";
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    nlohmann::json asked;
    ipc::Verb tap_open{[&](ipc::Request& request) -> bh::Result<ipc::Reply> {
                           asked = request.args;
                           ipc::Reply reply;
                           reply.fds.emplace_back(::dup(ends[1]));
                           return reply;
                       },
                       [](const ipc::Peer& peer) { return peer.uid == 0; }};
    auto netd =
        ipc::Server::listen({socket, 0600, static_cast<gid_t>(-1), {}, false}, {{"tap_open", std::move(tap_open)}});
    REQUIRE(netd);
    const Fd stop{::eventfd(0, EFD_CLOEXEC)};
    std::thread thread{[&] { netd->run(stop.get()); }};
    {
        Launcher launcher{place, "  qemu:\n    programs: {sh: /bin/sh}\n", "netd_socket: " + socket + "\n"};
        bh::UnitSpec spec;
        spec.program = "sh";
        spec.args = {"-c", "echo up >&3; exec sleep 1000"};
        spec.fds = {{"bh" + kOwner.substr(0, 12), 0}};
        const auto unit = launcher.call([&](Client& c) { return c.start("qemu", kOwner, kOwner, spec, kOwner); });
        char text[8] = {};
        if (unit) CHECK(::read(ends[0], text, sizeof text) == 3);
        CHECK(unit.ok());
        CHECK(asked == nlohmann::json{{"tap", "bh" + kOwner.substr(0, 12)}, {"owner", kOwner}});
    }
    const std::uint64_t one = 1;
    CHECK(::write(stop.get(), &one, sizeof one) == sizeof one);
    thread.join();
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("limits hold: a unit is in a cgroup of its own, or has rlimits") {
    World world;
    const auto unit = world.start(
        kOwner, world.spec_in(kOwner, "ulimit -d >limit; cat /proc/self/cgroup >cgroup; >done; exec sleep 1000"));
    REQUIRE(unit);
    const std::string home = world.vms + "/" + kOwner + "/";
    REQUIRE(wait_until([&] { return std::filesystem::exists(home + "done"); }));
    const auto check = world.launcher.call([](Client& c) { return c.check(); });
    REQUIRE(check);
    CHECK(check->limits == unit->limits);
    CHECK(check->missing == std::vector<std::string>{"qemu/missing"});
    if (unit->limits == "rlimit") {
        CHECK(read_text(home + "limit") == "524288\n");
    } else {
        CHECK(read_text(home + "cgroup").find("/qemu." + kOwner) != std::string::npos);
    }
}

TEST_CASE("units are listed per instance") {
    World world;
    REQUIRE(world.start(kOwner, world.spec("exec sleep 1000")));
    REQUIRE(world.start(kOwner + "-aux", world.spec("exit 4")));
    REQUIRE(world.ends(kOwner + "-aux"));
    const auto page = world.launcher.call([](Client& c) { return c.list("qemu", ""); });
    REQUIRE(page);
    REQUIRE(page->units.size() == 2);
    CHECK(page->units[0].unit == kOwner);
    CHECK(page->units[1].exit_code == 4);
    CHECK(page->next.empty());
    CHECK(world.launcher.call([](Client& c) { return c.list("dir", ""); })->units.empty());
}

TEST_CASE("a one-shot tool runs as the kernel's user and its output comes back") {
    World world;
    const auto run = [&](const std::string& script, int milliseconds = 20000) {
        return world.launcher.call([&](Client& c) {
            return c.run("dir", {"sh", {"-c", script}, {}}, std::chrono::milliseconds{milliseconds});
        });
    };
    const auto result = run("id -u; echo no >&2; exit 5");
    REQUIRE(result);
    CHECK(result->exit_code == 5);
    CHECK(std::string(result->output.begin(), result->output.end()) == std::to_string(kKernelUser) + "\n");
    CHECK(std::string(result->errors.begin(), result->errors.end()) == "no\n");
    CHECK(run("echo $HOME").failure().code == BH_E_INVALID);
    CHECK(run("sleep 100", 200).failure().code == BH_E_UNKNOWN_OUTCOME);
    CHECK(run("head -c 1000000 /dev/zero")->output.size() == 131072);
    const auto input = world.launcher.call(
        [&](Client& c) { return c.run("dir", {"cat", {}, bh::Bytes(100000, 'y')}, std::chrono::seconds{20}); });
    REQUIRE(input);
    CHECK(input->output == bh::Bytes(100000, 'y'));
    CHECK(
        world.launcher.call([&](Client& c) { return c.run("qemu", {"sh", {"-c", "id"}, {}}, std::chrono::seconds{5}); })
            .failure()
            .code == BH_E_DENIED);
}

TEST_CASE("a slow tool delays no other verb") {
    World world;
    std::thread slow;
    const AsKernel kernel;
    Client client{world.launcher.socket()};
    slow = std::thread{[&] {
        (void)Client{world.launcher.socket()}.run("dir", {"sh", {"-c", "sleep 2"}, {}}, std::chrono::seconds{20});
    }};
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) CHECK(client.check());
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{2});
    slow.join();
}

TEST_CASE("a damaged record is an error, never an empty answer") {
    World world;
    REQUIRE(world.start(kOwner, world.spec("exec sleep 1000")));
    write_text(world.place / ("state/qemu/" + kOwner + ".json"), "{");
    CHECK(world.status(kOwner).failure().code == BH_E_CORRUPT);
    CHECK(world.start(kOwner, world.spec("exec sleep 1000")).failure().code == BH_E_CORRUPT);
}
