// An executor whose verbs run when the test says so, and an engine over it.
#pragma once

#include "kernel/lifecycle/executor.hpp"
#include "kernel/lifecycle/testing/fixture.hpp"

#include <deque>

namespace bh::life::testing {

// Verbs that wait until the test lets them run.
class HeldExecutor final : public Executor {
public:
    void run(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
    [[nodiscard]] std::size_t waiting() const { return tasks_.size(); }
    void run_one() {
        const auto task = std::move(tasks_.front());
        tasks_.pop_front();
        task();
    }
    void run_all() {
        while (!tasks_.empty()) run_one();
    }

private:
    std::deque<std::function<void()>> tasks_;
};

// An engine of its own, beside the fixture's scene, whose verbs are held. Begins with start().
struct HeldEngine : Fixture {
    ~HeldEngine() { executor.run_all(); }
    void start() {
        auto opened = Journal::open(directory + "/held.db", [this] { return world->now_ms; });
        REQUIRE(opened.ok());
        journal = std::move(*opened);
        Ports ports = doubles.ports();
        ports.wakes = &wakes;
        engine.emplace(*journal, std::move(ports), config, executor);
        REQUIRE(engine->start().ok());
    }
    // Described, read, listed and reconciled: nothing is due any more but what a test brings.
    void start_idle() {
        config.poll_ms = 60'000, config.watch_ms = 86'400'000;
        start();
        for (int i = 0; i < 200; ++i) {
            settle();
            executor.run_all();
        }
        REQUIRE_FALSE(engine->recovering());
    }
    // Steps until nothing is to do, without letting a verb end.
    void settle() {
        while (engine->step()) {
        }
    }

    Wakes wakes;
    Doubles doubles{*world};
    EngineConfig config = config_for_tests();
    HeldExecutor executor;
    std::unique_ptr<Journal> journal;
    std::optional<Engine> engine;
};

}  // namespace bh::life::testing
