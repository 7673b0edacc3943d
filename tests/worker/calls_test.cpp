// What a plugin in a worker can do like one in this process: every kind of argument, every service, in both directions.
#include "tests/worker/world.hpp"

#include <sys/eventfd.h>

using namespace bh;
using namespace bh::worker;
using namespace bh::worker::testing;

TEST_CASE("verbs, structs and documents come through, and the ports can't tell") {
    World world;
    REQUIRE(world.first);
    CHECK(world.worker->state().word == "running");
    CHECK(world.instance.health());
    CHECK(world.ask("echo", "hello").value() == "hello");
    const auto stats = world.stats("four");
    REQUIRE(stats);
    CHECK(stats->struct_size == sizeof(bh_vm_stats));
    CHECK(stats->uptime_s == 4);
    CHECK(stats->cpu_ns == 42);
    CHECK(stats->memory_used_bytes == -1);
    auto port = plugins::make_hypervisor_port(world.instance);
    REQUIRE(port);
    CHECK((*port)->vm_list("").value().vms.empty());
    CHECK((*port)->vm_get("x").failure().code == BH_E_NOT_FOUND);
    // The probe's manifest promises no storage.
    CHECK_FALSE(plugins::make_storage_port(world.instance));
    const auto findings = plugins::document_verb("probe", parse_findings, [&](bh_sink out, bh_error* err) {
        return world.instance.plugin->check(world.worker->handle(), view("{}"), 0, out, err);
    });
    CHECK(findings.value().empty());
}

TEST_CASE("a document of one mebibyte passes both ways, a byte more does not") {
    World world;
    const std::string largest(kMaxDocument, 'x');
    CHECK(world.ask("echo", largest).value() == largest);
    CHECK(world.ask("much").failure().code == BH_E_EXHAUSTED);
    CHECK(world.ask("echo", std::string(3 << 20, 'x')).failure().reason == "too_large");
    CHECK(world.ask("echo", "still there").value() == "still there");
}

TEST_CASE("the context of a call arrives, and its checkpoint is saved in the kernel") {
    World world;
    life::Call call;
    call.op_id = "a0b1";
    call.trace_id = "trace";
    call.attempt = 7;
    call.checkpoint = {1, 2, 3};
    CHECK(world.ask(call, "context").value() == "a0b1/7/trace/3");
    Bytes saved;
    call.save = [&](const Bytes& checkpoint) -> Status {
        saved = checkpoint;
        return Failure{BH_E_EXHAUSTED, "disk_full", "the disk is full"};
    };
    const auto refused = world.ask(call, "save-crash", "key");
    CHECK(saved == Bytes{'k', 'e', 'y'});
    CHECK(refused.failure().code == BH_E_EXHAUSTED);
    CHECK(refused.failure().reason == "disk_full");
}

TEST_CASE("a running verb is told to stop, and why") {
    World world;
    struct Stop final : life::Cancel {
        Fd event{::eventfd(0, EFD_CLOEXEC)};
        std::atomic<std::uint32_t> why{BH_CANCEL_NONE};
        [[nodiscard]] std::uint32_t reason() const noexcept override { return why; }
        [[nodiscard]] int fd() const noexcept override { return event.get(); }
    } stop;
    life::Call call;
    call.cancel = &stop;
    std::thread later{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        stop.why = BH_CANCEL_SHUTDOWN;
        const std::uint64_t one = 1;
        REQUIRE(::write(stop.event.get(), &one, sizeof one) == sizeof one);
    }};
    CHECK(world.ask(call, "stop").value() == "reason " + std::to_string(BH_CANCEL_SHUTDOWN));
    later.join();
    // The deadline tells it, too, and an older word is not taken for this call's.
    life::Call timed;
    timed.deadline_ns = monotonic_ns() + 3'000'000'000;
    CHECK(world.ask(timed, "stop").value() == "reason " + std::to_string(BH_CANCEL_DEADLINE));
}

TEST_CASE("services are there when they are granted, and only then") {
    World plain;
    CHECK(plain.ask("store", "one").value() == R"(one{"keys":["a/1","a/2"],"next":""})");
    for (const char* service : {"secret", "sign", "launch"}) CHECK(plain.ask(service).value() == "no service");

    Options options;
    options.grants = {{BH_SVC_SECRETS, BH_SVC_SIGNER, BH_SVC_LAUNCH}, {"agent"}, {}};
    launch::testing::Place place;
    launch::testing::write_text(place / "token", "canary");
    REQUIRE(::chmod((place / "token").c_str(), 0600) == 0);
    options.grants.secrets["token"] = place / "token";
    World world{options};
    CHECK(world.ask("secret", "token").value() == "6:canary");
    CHECK(world.ask("secret", "other").failure().reason == "not_granted");
    CHECK(world.ask("sign", "agent").value() == "probe/agent/eip1559-tx");
    CHECK(world.ask("sign", "statement").failure().code == BH_E_DENIED);
    CHECK(world.ask("launch", to_json(UnitSpec{})).failure().reason == "refused");
    CHECK(world.launching.unit == "unit");
    CHECK(world.launching.fds == 1);
    CHECK(world.launching.written);
}

TEST_CASE("threads of the plugin reach the kernel, too") {
    World world;
    CHECK(world.ask("thread").value() == "ok");
    CHECK(wait_until([&] { return world.log.has("from a thread"); }));
    CHECK(world.store.get("", "thread").value() == Bytes{'1'});
}

TEST_CASE("verbs run side by side") {
    World world;
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 12; ++i) {
        threads.emplace_back([&, i] {
            for (int j = 0; j < 50; ++j) {
                const std::string text = std::to_string(i) + "/" + std::to_string(j);
                const auto answer = world.ask("echo", text);
                if (answer && *answer == text) ++good;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(good == 600);
}

TEST_CASE("a plugin that can't be made says why") {
    Options options;
    options.config = R"({"fail":"told"})";
    World refused{options};
    CHECK(refused.first.failure().code == BH_E_UNAVAILABLE);
    CHECK(refused.first.failure().message == "the configuration says so");
    options.config = R"({"fail":"crash"})";
    World crashed{options};
    CHECK(crashed.first.failure().message.find("signal 11") != std::string::npos);
}
