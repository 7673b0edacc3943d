// A verb that does not return, in the kernel's own process; the name is the rule.
#include "kernel/lifecycle/testing/held_executor.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Held : HeldEngine {
    Held() {
        buy_now();
        start();
    }
    std::vector<AlarmRow> overdue() {
        std::vector<AlarmRow> found;
        const auto read = journal->read([&](Tx& tx) -> Status {
            for (auto& alarm : alarms(tx))
                if (alarm.reason == "overdue") found.push_back(std::move(alarm));
            return {};
        });
        REQUIRE(read.ok());
        return found;
    }
    // Lets everything end but a verb of a job, which stays held.
    void until_a_verb_is_held() {
        for (int i = 0; i < 400 && engine->running_verbs() == 0; ++i) {
            settle();
            if (engine->running_verbs() > 0) return;
            executor.run_all();
            if (i % 10 == 9) {
                world->now_ms += 1000;
                mine_block(*world);
            }
        }
        REQUIRE(engine->running_verbs() == 1);
    }
};

}  // namespace

TEST_CASE_METHOD(Held, "a verb that is long past its deadline raises one alarm, which goes when it returns") {
    until_a_verb_is_held();
    settle();
    CHECK(overdue().empty());
    world->now_ms += std::max(config.short_deadline_ms, config.long_deadline_ms) + 11'000;
    settle();
    REQUIRE(overdue().size() == 1);
    CHECK(overdue()[0].subject.starts_with("job:"));
    CHECK(overdue()[0].message.find("isolation: process") != std::string::npos);
    world->now_ms += 60'000;
    settle();
    CHECK(overdue().size() == 1);
    executor.run_all();
    settle();
    CHECK(overdue().empty());
}

TEST_CASE_METHOD(Held, "a verb that takes its time within its deadline raises none") {
    until_a_verb_is_held();
    world->now_ms += std::min(config.short_deadline_ms, config.long_deadline_ms) - 1;
    settle();
    CHECK(overdue().empty());
}
