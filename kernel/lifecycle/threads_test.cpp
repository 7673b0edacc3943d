// The engine with its real thread pool and verbs that block: what ThreadSanitizer has to look at (`./dev test tsan`).
#include "kernel/lifecycle/testing/concurrent.hpp"
#include "kernel/lifecycle/testing/fixture.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

constexpr std::int64_t kTickMs = 200, kBlockMs = 2000;
constexpr std::chrono::milliseconds kLongestTick{20};
constexpr std::array kSubscriptions = {"1", "2", "3"};

bool all_are(Journal& journal, State state) {
    for (const auto* id : kSubscriptions) {
        const auto detail = show_subscription(journal, "chain", id);
        if (!detail || detail->subscription.state != state) return false;
    }
    return true;
}

// Lets the World's time pass until all are in `state`: a tick at a time, as soon as the chain was polled again or some
// milliseconds are over. So neither waits long for the other, and time does not run away from an engine on a slow
// machine.
bool pass_until(State state, ConcurrentDoubles& doubles, Engine& engine, Journal& journal) {
    using Steady = std::chrono::steady_clock;
    const auto deadline = Steady::now() + std::chrono::seconds{90};
    while (!all_are(journal, state)) {
        if (Steady::now() > deadline) return false;
        const std::uint64_t seen = doubles.polls();
        doubles.with_world([](World& w) {
            w.now_ms += kTickMs;
            if (w.now_ms % kBlockMs == 0) mine_block(w);
        });
        engine.wake();
        const auto next_tick = Steady::now() + kLongestTick;
        while (doubles.polls() == seen && Steady::now() < next_tick) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }
    return true;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "several workers serve several purchases at once, and take all of them away again") {
    for (const auto* id : kSubscriptions) buy_now(id);
    ConcurrentDoubles doubles{*world};
    auto opened = Journal::open(directory + "/threads.db", [&doubles] { return doubles.now_ms(); });
    REQUIRE(opened.ok());
    auto& journal = **opened;
    const auto pool = make_thread_pool(4);
    Engine engine{journal, doubles.ports(), config_for_tests(), *pool};
    REQUIRE(engine.start().ok());
    std::thread loop{[&] { engine.run(); }};
    const bool served = pass_until(State::active, doubles, engine, journal);
    std::uint32_t vms = 0, volumes = 0, bindings = 0;
    std::array<std::uint32_t, kSubscriptions.size()> minted{};
    doubles.with_world([&](World& w) {
        vms = count_vms(w), volumes = count_volumes(w), bindings = count_bindings(w);
        for (std::size_t i = 0; i < minted.size(); ++i) {
            const Sub* sub = find_sub(head(w), kSubscriptions[i]);
            minted[i] = sub != nullptr ? sub->mints : 0;
        }
    });
    const bool ended = served && pass_until(State::ended, doubles, engine, journal);
    engine.stop();
    loop.join();
    REQUIRE(served);
    CHECK(vms == kSubscriptions.size());
    CHECK(volumes == kSubscriptions.size());
    CHECK(bindings == kSubscriptions.size());
    for (const auto count : minted) CHECK(count == 1);
    REQUIRE(ended);
    CHECK(objects() == 0);
    CHECK(world->violation.str().empty());
    CHECK(balances(*world));
    CHECK(doubles.most_verbs_at_once() >= 2);
    CHECK(engine.running_verbs() == 0);
}

TEST_CASE_METHOD(Fixture, "plugins that ask for polls in a loop cost the engine a few of them, and may outlive it") {
    constexpr std::uint64_t kBurst = WakeLimit::kBurst;
    ConcurrentDoubles doubles{*world};
    Wakes wakes;
    std::atomic<bool> over{false};
    std::vector<std::thread> askers;
    for (int i = 0; i < 3; ++i) {
        askers.emplace_back([&] {
            while (!over) wakes.ask("chain");
        });
    }
    {
        auto opened = Journal::open(directory + "/askers.db", [&doubles] { return doubles.now_ms(); });
        REQUIRE(opened.ok());
        const auto pool = make_thread_pool(2);
        Ports ports = doubles.ports();
        ports.wakes = &wakes;
        Engine engine{**opened, std::move(ports), config_for_tests(), *pool};
        REQUIRE(engine.start().ok());
        std::thread loop{[&] { engine.run(); }};
        // Its clock stands still, so that nothing but the wakes makes it poll: the burst, and what is due at the start.
        const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        while (doubles.polls() < kBurst && std::chrono::steady_clock::now() < patience)
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        std::this_thread::sleep_for(std::chrono::milliseconds{300});  // for more than there may be
        const std::uint64_t polls = doubles.polls();
        engine.stop();
        loop.join();
        CHECK(polls >= kBurst);
        CHECK(polls <= kBurst + 4);
    }
    over = true;
    for (auto& asker : askers) asker.join();
}
