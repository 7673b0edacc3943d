// The launcher with real processes, as root: what is refused, what is passed on, and the one-shot tools.
#include "kernel/launch/testing_world.hpp"

#include <sys/eventfd.h>

using namespace bh;
using namespace bh::launch;
using namespace bh::launch::testing;

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
    CHECK(world.launcher.call([&](Client& c) { return c.start("hyper", kOther, kOwner, world.spec("exit 0"), ""); })
              .failure()
              .code == BH_E_INVALID);
    auto tap = world.spec("exit 0");
    tap.fds = {{"bh" + kOther.substr(0, 12), 0}};
    CHECK(
        world.launcher.call([&](Client& c) { return c.start("hyper", kOwner, kOwner, tap, kOwner); }).failure().code ==
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
    CHECK(raw_call(world, "status", {{"instance", "hyper"}}).message.find("\"unit\"") != std::string::npos);
    CHECK(raw_call(world, "status", {{"instance", "hyper"}, {"unit", "../x"}}).code == BH_E_INVALID);
    CHECK(raw_call(world, "status", {{"instance", "hyper"}, {"unit", kOwner}, {"force", true}})
              .message.find("\"force\"") != std::string::npos);
    CHECK(raw_call(world, "signal", {{"instance", "hyper"}, {"unit", kOwner}, {"number", 4096}}).code == BH_E_INVALID);
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
        Launcher launcher{place, "  hyper:\n    programs: {sh: /bin/sh}\n", "netd_socket: " + socket + "\n"};
        bh::UnitSpec spec;
        spec.program = "sh";
        spec.args = {"-c", "echo up >&3; exec sleep 1000"};
        spec.fds = {{"bh" + kOwner.substr(0, 12), 0}};
        const auto unit = launcher.call([&](Client& c) { return c.start("hyper", kOwner, kOwner, spec, kOwner); });
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

TEST_CASE("units are listed per instance") {
    World world;
    REQUIRE(world.start(kOwner, world.spec("exec sleep 1000")));
    REQUIRE(world.start(kOwner + "-aux", world.spec("exit 4")));
    REQUIRE(world.ends(kOwner + "-aux"));
    const auto page = world.launcher.call([](Client& c) { return c.list("hyper", ""); });
    REQUIRE(page);
    REQUIRE(page->units.size() == 2);
    CHECK(page->units[0].unit == kOwner);
    CHECK(page->units[1].exit_code == 4);
    CHECK(page->next.empty());
    CHECK(world.launcher.call([](Client& c) { return c.list("store", ""); })->units.empty());
}

TEST_CASE("a one-shot tool runs as the kernel's user and its output comes back") {
    World world;
    const auto run = [&](const std::string& script, int milliseconds = 20000) {
        return world.launcher.call([&](Client& c) {
            return c.run("store", {"sh", {"-c", script}, {}}, std::chrono::milliseconds{milliseconds});
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
        [&](Client& c) { return c.run("store", {"cat", {}, bh::Bytes(100000, 'y')}, std::chrono::seconds{20}); });
    REQUIRE(input);
    CHECK(input->output == bh::Bytes(100000, 'y'));
    CHECK(world.launcher
              .call([&](Client& c) { return c.run("hyper", {"sh", {"-c", "id"}, {}}, std::chrono::seconds{5}); })
              .failure()
              .code == BH_E_DENIED);
}

TEST_CASE("a slow tool delays no other verb") {
    World world;
    std::thread slow;
    const AsKernel kernel;
    Client client{world.launcher.socket()};
    slow = std::thread{[&] {
        (void)Client{world.launcher.socket()}.run("store", {"sh", {"-c", "sleep 2"}, {}}, std::chrono::seconds{20});
    }};
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) CHECK(client.check());
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{2});
    slow.join();
}

TEST_CASE("a damaged record is an error, never an empty answer") {
    World world;
    REQUIRE(world.start(kOwner, world.spec("exec sleep 1000")));
    write_text(world.place / ("state/hyper/" + kOwner + ".json"), "{");
    CHECK(world.status(kOwner).failure().code == BH_E_CORRUPT);
    CHECK(world.start(kOwner, world.spec("exec sleep 1000")).failure().code == BH_E_CORRUPT);
}
