// When the engine asks its chains again; the name is the rule.
#include "kernel/lifecycle/testing/held_executor.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Woken : HeldEngine {
    Woken() {
        config.safety_poll_ms = 600'000;
        start_idle();
    }

    // How many polls are made until the virtual clock has gone on by `span_ms`, each with a new wake.
    std::size_t polls_while_asked_for(std::int64_t span_ms) {
        std::size_t polls = 0;
        for (const std::int64_t until = world->now_ms + span_ms; world->now_ms < until; world->now_ms += 10) {
            wakes.ask(kChain);
            settle();
            while (executor.waiting() > 0) {
                ++polls;
                executor.run_one();
                wakes.ask(kChain);
                settle();
            }
        }
        return polls;
    }

    const std::string kChain = config_for_tests().chains.front().instance;
};

}  // namespace

// It was: the end of the poll set the next one to poll_ms from then, and the wake was forgotten.
TEST_CASE_METHOD(Woken, "a wake that arrives while the chain is being read is answered by another poll at once") {
    engine->wake();
    settle();
    REQUIRE(executor.waiting() == 1);
    SECTION("it was read well") {}
    SECTION("or not") { add_fault(*world, "poll", BH_E_UNAVAILABLE, 1); }
    engine->wake();
    settle();
    CHECK(executor.waiting() == 1);  // one poll of a chain at a time
    executor.run_one();
    settle();
    CHECK(executor.waiting() == 1);
    executor.run_one();
    settle();
    CHECK(executor.waiting() == 0);  // and the one wake asked for one more poll only
}

TEST_CASE_METHOD(Woken, "without a wake the next poll comes after poll_ms") {
    engine->wake();
    settle();
    executor.run_one();
    settle();
    CHECK(executor.waiting() == 0);
}

TEST_CASE_METHOD(Woken, "a plugin that asks is polled at once, and once for all that it asked before") {
    wakes.ask(kChain);
    wakes.ask(kChain);
    settle();
    CHECK(executor.waiting() == 1);
    executor.run_one();
    settle();
    CHECK(executor.waiting() == 0);
}

TEST_CASE_METHOD(Woken, "a plugin that asks while its chain is read is polled again") {
    wakes.ask(kChain);
    settle();
    REQUIRE(executor.waiting() == 1);
    SECTION("it was read well") {}
    SECTION("or not, and its pause does not count") { add_fault(*world, "poll", BH_E_UNAVAILABLE, 1); }
    wakes.ask(kChain);
    settle();
    CHECK(executor.waiting() == 1);
    executor.run_one();
    settle();
    CHECK(executor.waiting() == 1);
    executor.run_one();
    settle();
    CHECK(executor.waiting() == 0);
}

TEST_CASE_METHOD(Woken, "another instance's wake polls nothing") {
    wakes.ask("somebody");
    settle();
    CHECK(executor.waiting() == 0);
}

TEST_CASE_METHOD(Woken, "who asks without end is polled ten times a second after the first ten, and is not forgotten") {
    const std::size_t first = polls_while_asked_for(1000);
    CHECK(first >= 18);
    CHECK(first <= 21);
    const std::size_t then = polls_while_asked_for(5000);
    CHECK(then >= 48);
    CHECK(then <= 52);
    // The last word waits for its turn and gets it, with nothing said any more.
    do {
        wakes.ask(kChain);
        settle();
        executor.run_all();
        settle();
    } while (executor.waiting() > 0);
    wakes.ask(kChain);
    settle();
    REQUIRE(executor.waiting() == 0);
    world->now_ms += WakeLimit::kPauseMs;
    settle();
    CHECK(executor.waiting() == 1);
    CHECK(engine->next_due_ms() > world->now_ms);
}

TEST_CASE_METHOD(Woken, "a clock that is set back makes nobody wait for its old limit") {
    polls_while_asked_for(1000);
    world->now_ms -= 3'600'000;
    settle();
    while (executor.waiting() > 0) executor.run_one();
    settle();
    wakes.ask(kChain);
    settle();
    CHECK(executor.waiting() > 0);
}

TEST_CASE_METHOD(Woken, "a chain whose plugin wakes is polled at the long interval") {
    const auto polls_after = [&](std::int64_t ms) {
        const std::uint32_t before = world->polls;
        world->now_ms += ms;
        for (int i = 0; i < 3; ++i) {
            settle();
            executor.run_all();
        }
        settle();
        return world->polls - before;
    };
    world->poll_wakes = true;
    wakes.ask(kChain);
    CHECK(polls_after(0) == 1);
    CHECK(polls_after(config.poll_ms) == 0);
    CHECK(polls_after(config.safety_poll_ms) == 1);
    // And at the usual one when it does not say so any more.
    world->poll_wakes = false;
    wakes.ask(kChain);
    CHECK(polls_after(0) == 1);
    CHECK(polls_after(config.poll_ms) == 1);
}
