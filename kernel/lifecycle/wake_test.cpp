// When the engine asks its chains again; the name is the rule.
#include "kernel/lifecycle/testing/fixture.hpp"

#include <deque>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

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

struct Woken : Fixture {
    Woken() {
        auto opened = Journal::open(directory + "/wake.db", [this] { return world->now_ms; });
        journal = std::move(*opened);
        config.poll_ms = 60'000;
        engine.emplace(*journal, doubles.ports(), config, executor);
        REQUIRE(engine->start().ok());
        // Described, read, listed and reconciled: nothing is due any more but what a test brings.
        for (int i = 0; i < 200; ++i) {
            while (engine->step()) {
            }
            executor.run_all();
        }
        REQUIRE_FALSE(engine->recovering());
    }
    ~Woken() { executor.run_all(); }
    // Steps until nothing is to do, without letting a verb end.
    void settle() {
        while (engine->step()) {
        }
    }

    Doubles doubles{*world};
    EngineConfig config = config_for_tests();
    HeldExecutor executor;
    std::unique_ptr<Journal> journal;
    std::optional<Engine> engine;
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
