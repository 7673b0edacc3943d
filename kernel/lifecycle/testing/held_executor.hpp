// An executor whose verbs run when the test says so.
#pragma once

#include "kernel/lifecycle/executor.hpp"

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

}  // namespace bh::life::testing
