// Every way in which a worker can go wrong: the kernel goes on, the verb has an answer, the operator is told.
#include "tests/worker/world.hpp"

using namespace bh;
using namespace bh::worker;
using namespace bh::worker::testing;

namespace {

Options quickly() {
    Options options;
    options.patience = quick();
    options.patience.ends = 100;
    return options;
}

// Asks until the worker is there again.
bool answers(World& world) {
    return wait_until([&] {
        const auto answer = world.ask("echo", "x");
        return answer && *answer == "x";
    });
}

}  // namespace

TEST_CASE("a verb whose worker dies has an unknown outcome, and the next one finds a new worker") {
    World world{quickly()};
    for (const auto& [act, words] :
         {std::pair{"crash", "signal 11"}, std::pair{"exit", "status 3"}, std::pair{"abort", "signal"}}) {
        const auto before = world.worker->state().pid;
        const auto ended = world.ask(act);
        REQUIRE_FALSE(ended);
        CHECK(ended.failure().code == BH_E_UNKNOWN_OUTCOME);
        CHECK(ended.failure().message.find(words) != std::string::npos);
        CHECK(ended.failure().message.find("guest_exchange") != std::string::npos);
        CHECK(answers(world));
        CHECK(world.worker->state().pid != before);
    }
    CHECK(world.log.has("it is started again"));
}

TEST_CASE("what was saved before the crash stays saved") {
    World world{quickly()};
    life::Call call;
    Bytes saved;
    call.save = [&](const Bytes& checkpoint) -> Status {
        saved = checkpoint;
        return {};
    };
    CHECK(world.ask(call, "save-crash", "vmid 7").failure().code == BH_E_UNKNOWN_OUTCOME);
    CHECK(saved.size() == 6);
}

TEST_CASE("a worker that hangs is told to stop, then killed") {
    World world{quickly()};
    const pid_t plugin = world.plugin_pid();
    REQUIRE(plugin > 0);
    life::Call call;
    call.deadline_ns = monotonic_ns() + 200'000'000;
    const auto hung = world.ask(call, "hang");
    CHECK(hung.failure().code == BH_E_UNKNOWN_OUTCOME);
    CHECK(hung.failure().message.find("overdue") != std::string::npos);
    CHECK(wait_until([&] { return ::kill(plugin, 0) != 0; }));
    CHECK(answers(world));
}

TEST_CASE("a worker that talks without end is overdue all the same") {
    World world{quickly()};
    life::Call call;
    call.deadline_ns = monotonic_ns() + 200'000'000;
    CHECK(world.ask(call, "talk").failure().message.find("overdue") != std::string::npos);
    CHECK(answers(world));
}

TEST_CASE("a plugin that floods the log is cut short, and it is said how much is missing") {
    World world{quickly()};
    life::Call call;
    call.deadline_ns = monotonic_ns() + 1'000'000'000;
    CHECK_FALSE(world.ask(call, "talk"));
    CHECK(wait_until([&] { return world.log.has("it is started again"); }));  // the kernel's own words get through
    CHECK(world.log.has("the rest is left out and counted"));
    CHECK(world.log.count < 1000);
    CHECK(answers(world));
    CHECK(world.ask("thread").value() == "ok");
    CHECK(wait_until([&] { return world.log.has(" lines were left out"); }));
    CHECK(wait_until([&] { return world.log.has("from a thread"); }));
}

TEST_CASE("a worker that babbles is ended") {
    World world{quickly()};
    const auto noise = world.ask("babble");
    CHECK(noise.failure().code == BH_E_UNKNOWN_OUTCOME);
    CHECK(answers(world));
    CHECK(world.worker->state().ends == 1);
}

TEST_CASE("other verbs of an instance whose worker dies end at once") {
    World world{quickly()};
    Result<std::string> waiting{std::string{}};
    std::thread other{[&] { waiting = world.ask("hang"); }};
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    CHECK_FALSE(world.ask("crash"));
    other.join();
    CHECK(waiting.failure().code == BH_E_UNKNOWN_OUTCOME);
    CHECK(answers(world));
    CHECK(world.worker->state().ends == 1);
}

TEST_CASE("a worker that is killed between verbs is found and replaced") {
    World world{quickly()};
    REQUIRE(::kill(world.plugin_pid(), SIGKILL) == 0);
    CHECK(wait_until([&] { return world.worker->state().word == "waiting"; }));
    CHECK(wait_until([&] { return world.log.has("signal 9"); }));
    CHECK(answers(world));
}

TEST_CASE("too many ends poison the instance until the operator forgives") {
    Options options;
    options.patience = quick();
    World world{options};
    for (int i = 0; i < 5; ++i) {
        CHECK(wait_until([&] { return world.ask("crash").failure().code != BH_E_UNAVAILABLE; }));
    }
    CHECK(world.worker->state().word == "poisoned");
    const auto refused = world.ask("echo", "x");
    CHECK(refused.failure().code == BH_E_DENIED);
    CHECK(refused.failure().reason == "plugin_poisoned");
    CHECK(refused.failure().message.find("plugin unpark probe") != std::string::npos);
    CHECK(world.instance.health().failure().code == BH_E_DENIED);
    CHECK(world.log.has("poisoned"));
    world.worker->forgive();
    CHECK(world.ask("echo", "x").value() == "x");
}

TEST_CASE("the pause before a new worker grows") {
    Options options;
    options.patience = quick();
    options.patience.ends = 100;
    options.patience.first_pause = std::chrono::milliseconds{200};
    options.patience.longest_pause = std::chrono::milliseconds{10'000};
    World world{options};
    CHECK_FALSE(world.ask("crash"));
    const auto first = world.ask("echo");
    CHECK(first.failure().code == BH_E_UNAVAILABLE);
    CHECK(first.failure().reason == "worker_waits");
    CHECK(first.failure().retry_after_ms <= 201);
    CHECK(answers(world));
    CHECK_FALSE(world.ask("crash"));
    const auto second = world.ask("echo");
    CHECK(second.failure().retry_after_ms > 250);
    CHECK(second.failure().retry_after_ms <= 401);
}

TEST_CASE("a worker ends with its launcher, and starts under the next one") {
    World world{quickly()};
    const pid_t plugin = world.plugin_pid();
    REQUIRE(plugin > 0);
    world.launcher->stop(SIGKILL);
    CHECK(wait_until([&] { return ::kill(plugin, 0) != 0; }));
    CHECK(wait_until([&] { return !world.ask("echo", "x"); }));
    world.launcher->start();
    // The connection of this test was the old launcher's; a new one is the kernel user's again.
    const launch::testing::AsKernel kernel;
    CHECK(answers(world));
}

TEST_CASE("an instance that launch.yaml gives no worker has none") {
    World world;
    const launch::testing::AsKernel kernel;
    launch::Client client{world.launcher->socket()};
    CHECK(client.worker_end("other").failure().reason == "not_listed");
    const auto refused = client.worker_start("probe", {});
    CHECK(refused.failure().reason == "bad_fds");
}

TEST_CASE("the words of a plugin reach people clean") {
    World world;
    const auto failure = world.ask("bad-text").failure();
    CHECK(failure.code == BH_E_BUSY);
    CHECK(failure.reason == "a? b");
    CHECK(failure.message == "escape ?[2J and ???");
    CHECK(clean("plain \xc3\xa4 \xe2\x82\xac") == "plain \xc3\xa4 \xe2\x82\xac");
    CHECK(clean(std::string{"\0\x7f\xc0\x80\xf5", 5}) == "?????");
}
