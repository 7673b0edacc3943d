// The launcher with real processes, as root: who runs as whom, and what survives what.
#include "kernel/launch/testing_world.hpp"

using namespace bh;
using namespace bh::launch;
using namespace bh::launch::testing;

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

TEST_CASE("a supervisor needs the C library and nothing else") {
    World world;
    const auto unit = world.start(kOwner, world.spec("exec sleep 1000"));
    REQUIRE(unit);
    const pid_t supervisor = process_stat(static_cast<pid_t>(unit->pid)).parent;
    const std::string maps = read_text("/proc/" + std::to_string(supervisor) + "/maps");
    CHECK(maps.find("/libc.so") != std::string::npos);
    CHECK(maps.find("libstdc++") == std::string::npos);
}

TEST_CASE("status says what a running unit uses") {
    World world;
    REQUIRE(world.start(kOwner, world.spec("while :; do :; done")));
    CHECK(wait_until([&] { return world.status(kOwner)->cpu_ns.value_or(0) > 0; }));
    CHECK(world.status(kOwner)->memory_bytes.value_or(0) > 0);
    CHECK_FALSE(world.status(kOwner)->net_rx_bytes);
    REQUIRE(world.signal(kOwner, SIGKILL));
    REQUIRE(world.ends(kOwner));
    CHECK_FALSE(world.status(kOwner)->cpu_ns);
}

TEST_CASE("the end of a unit is recorded while no launcher runs") {
    World world;
    REQUIRE(world.start(kOwner, world.spec_in(kOwner, "while [ ! -e go ]; do sleep 0.01; done; exit 7")));
    world.launcher.stop(SIGKILL);
    write_text(world.vms + "/" + kOwner + "/go", "");
    REQUIRE(
        wait_until([&] { return read_text(world.place / ("state/hyper/" + kOwner + ".run")).starts_with("ended"); }));
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
    CHECK(check->missing == std::vector<std::string>{"hyper/missing"});
    if (unit->limits == "rlimit") {
        CHECK(read_text(home + "limit") == "524288\n");
    } else {
        CHECK(read_text(home + "cgroup").find("/hyper." + kOwner) != std::string::npos);
    }
}
