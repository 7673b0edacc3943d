// What a plugin in a worker may have run for it: one-shot tools in the sandbox of its worker, and units; and what a
// hostile one tries with them. Real launcher, real programs.
#include "tests/worker/world.hpp"

#include <algorithm>

using namespace bh;
using namespace bh::worker;
using namespace bh::worker::testing;

namespace {

const std::string kVm = "a0000000000000000000000000000000000000aa";

Options with_tools() {
    Options options;
    options.worker = "memory_mib: 64, write: [PLACE/granted], read: [PLACE/shared]";
    options.instance =
        "    programs: {sleep: /bin/sleep}\n"
        "    directories: [PLACE/granted, PLACE/other]\n"
        "    tools:\n"
        "      cat: {path: /bin/cat, commands: [[\"PLACE/.+\"], [\"/proc/self/.+\"]]}\n"
        "      ls: {path: /bin/ls, commands: [[\"/.*\"]]}\n"
        "      touch: {path: /bin/touch, commands: [[\"PLACE/.+\"]]}\n"
        "      id: {path: /usr/bin/id, commands: [[\"-u\"], [\"-G\"]]}\n"
        "      sh: {path: /bin/sh, commands: [[\"-c\", \"kill -9 .*\"]]}\n"
        "      sleep: {path: /bin/sleep, commands: [[\"[0-9]+\"]]}\n"
        "      unshare: {path: /usr/bin/unshare, commands: [[\"-U\", \"true\"]]}\n";
    options.grants = {{BH_SVC_LAUNCH}, {}, {}};
    options.real_launch = true;
    return options;
}

struct ToolWorld : World {
    ToolWorld() : World{with_tools()} { REQUIRE(first); }

    Result<RunResult> run(const std::string& program, const std::vector<std::string>& args) {
        auto answer = ask("run", to_json(RunRequest{program, args, {}}));
        if (!answer) return answer.failure();
        return parse_run_result(*answer);
    }
    // What a tool prints, both streams.
    std::string said(const std::string& program, const std::vector<std::string>& args) {
        const auto result = run(program, args);
        REQUIRE(result);
        return std::string(result->output.begin(), result->output.end()) +
               std::string(result->errors.begin(), result->errors.end());
    }
    Result<std::string> start(const std::string& program, const std::vector<UnitPath>& paths) {
        UnitSpec spec;
        spec.program = program;
        spec.args = {"1000"};
        spec.paths = paths;
        life::Call call;
        call.op_id = kVm;
        return ask(call, "unit", to_json(spec));
    }
    [[nodiscard]] struct stat look(const std::string& path) const {
        struct stat info{};
        REQUIRE(::lstat(path.c_str(), &info) == 0);
        return info;
    }
};

}  // namespace

TEST_CASE("a tool runs under its worker's user, and their files have one owner") {
    ToolWorld world;
    const std::string uid = std::to_string(world.uid()), file = world.place / "granted/made";
    CHECK(world.said("id", {"-u"}) == uid + "\n");
    CHECK(world.said("touch", {file}).empty());
    CHECK(world.look(file).st_uid == world.uid());
    CHECK(world.look(file).st_gid == launch::testing::kKernelUser);
    CHECK(world.ask("chmod", file).value() == "allowed");
    CHECK((world.look(file).st_mode & 07777) == 0660);
}

TEST_CASE("what worker or tool made is given to the VM that uses it, and what others made is not") {
    ToolWorld world;
    const std::string file = world.place / "granted/volume";
    REQUIRE(world.run("touch", {file}));
    REQUIRE(world.ask("chmod", file));
    REQUIRE(world.start("sleep", {{file, "rw", "file"}}));
    CHECK(world.look(file).st_uid == world.launcher->first_uid());
    // The worker's user, but where the worker may not write.
    world.place.directory("other", 02771);
    launch::testing::write_text(world.place / "other/volume", "x");
    REQUIRE(::chown((world.place / "other/volume").c_str(), world.uid(), launch::testing::kKernelUser) == 0);
    REQUIRE(::chmod((world.place / "other/volume").c_str(), 0660) == 0);
    life::Call call;
    call.op_id = "b" + kVm.substr(1);
    UnitSpec spec;
    spec.program = "sleep";
    spec.args = {"1000"};
    spec.paths = {{world.place / "other/volume", "rw", "file"}};
    CHECK(world.ask(call, "unit", to_json(spec)).failure().code == BH_E_DENIED);
    CHECK(world.look(world.place / "other/volume").st_uid == world.uid());
}

TEST_CASE("a tool sees what its worker sees, and a link leads it nowhere") {
    ToolWorld world;
    CHECK(world.said("ls", {world.place.path()}) == "granted\nshared\n");
    CHECK(world.said("ls", {"/etc"}).find("shadow") == std::string::npos);
    launch::testing::write_text(world.place / "secret", "canary");
    REQUIRE(::chmod((world.place / "secret").c_str(), 0666) == 0);
    REQUIRE(world.ask("link", (world.place / "secret") + " " + (world.place / "granted/link")).value() == "allowed");
    CHECK(world.said("cat", {world.place / "granted/link"}).find("canary") == std::string::npos);
    CHECK(world.run("cat", {world.place / "granted/link"})->exit_code != 0);
    REQUIRE(world.ask("link", (world.place / "state/new") + " " + (world.place / "granted/out")).value() == "allowed");
    CHECK(world.run("touch", {world.place / "granted/out"})->exit_code != 0);
    CHECK_FALSE(std::filesystem::exists(world.place / "state/new"));
    CHECK(world.run("touch", {world.place / "shared/x"})->exit_code != 0);
}

TEST_CASE("a tool has no network, no capability, no other process and no way to namespaces") {
    ToolWorld world;
    const std::string devices = world.said("cat", {"/proc/self/net/dev"});
    CHECK(std::count(devices.begin(), devices.end(), '\n') == 3);  // two lines of headings, and lo
    const std::string status = world.said("cat", {"/proc/self/status"});
    for (const char* set : {"CapPrm", "CapEff", "CapBnd", "CapAmb"})
        CHECK(status.find(std::string{set} + ":\t0000000000000000") != std::string::npos);
    CHECK(status.find("NoNewPrivs:\t1") != std::string::npos);
    CHECK(status.find("Seccomp:\t2") != std::string::npos);
    CHECK(world.run("unshare", {"-U", "true"})->exit_code != 0);
    const pid_t plugin = world.plugin_pid();
    CHECK(world.run("sh", {"-c", "kill -9 " + std::to_string(plugin)})->exit_code != 0);
    (void)world.run("sh", {"-c", "kill -9 -1"});
    CHECK(world.plugin_pid() == plugin);
    CHECK(world.ask("echo", "x").value() == "x");
}

TEST_CASE("a shell, other programs and other arguments are refused and reported") {
    ToolWorld world;
    for (const char* program : {"bash", "/bin/sh", "../bin/sh", "sh; id"}) {
        INFO(program);
        CHECK(world.start(program, {}).failure().reason == "not_listed");
        CHECK(world.run(program, {"-c", "id"}).failure().reason == "not_listed");
    }
    CHECK(world.run("sh", {"-c", "id"}).failure().reason == "bad_args");
    CHECK(world.run("cat", {"/etc/shadow"}).failure().reason == "bad_args");
    CHECK(world.start("sleep", {{"/etc/passwd", "ro", "file"}}).failure().code == BH_E_DENIED);
    CHECK(wait_until([&] { return world.log.has("was refused \"launch.start\" (not_listed)"); }));
    CHECK(world.log.has("was refused \"launch.run\" (not_listed)"));
}

TEST_CASE("what a worker left running ends with it") {
    Options options = with_tools();
    options.patience = quick();
    options.patience.ends = 100;
    World world{options};
    std::thread slow{[&] { (void)world.ask("run", to_json(RunRequest{"sleep", {"1000"}, {}})); }};
    const auto sleeps = [&] {
        for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
            std::error_code error;
            struct stat info{};
            if (::stat(entry.path().c_str(), &info) == 0 && info.st_uid == world.uid() &&
                read_text(entry.path() / "cmdline").starts_with("/bin/sleep"))
                return true;
        }
        return false;
    };
    CHECK(wait_until(sleeps));
    CHECK_FALSE(world.ask("crash"));
    // The next verb starts a new worker, and with its first step nothing of the old one is left.
    CHECK(wait_until([&] { return world.ask("echo", "x").ok(); }));
    CHECK_FALSE(sleeps());
    slow.join();
}
