// Where verbs run: a pool of threads in the daemon, the calling thread in tests. And how a running verb is told to
// stop.
#pragma once

#include "kernel/lifecycle/seams.hpp"

#include <blockhost/call.h>

#include <atomic>
#include <memory>

namespace bh::life {

class Executor {
public:
    virtual ~Executor() = default;
    virtual void run(std::function<void()> task) = 0;
    // Whether run() returns before its task has run. Then the engine may begin a job in the transaction that orders it.
    [[nodiscard]] virtual bool defers() const noexcept { return true; }
};

// Runs each task at once, on the caller's thread: a step of the engine is one verb at most. `as_a_pool`: the engine
// takes it for a pool, and the record of one verb may begin the next.
class InlineExecutor final : public Executor {
public:
    explicit InlineExecutor(bool as_a_pool = false) noexcept : as_a_pool_{as_a_pool} {}
    void run(std::function<void()> task) override { task(); }
    [[nodiscard]] bool defers() const noexcept override { return as_a_pool_; }

private:
    bool as_a_pool_;
};

// `threads` workers; the destructor waits for the running tasks.
std::unique_ptr<Executor> make_thread_pool(std::size_t threads);

// A Cancel with an eventfd.
class CancelToken final : public Cancel {
public:
    CancelToken();
    ~CancelToken() override;
    CancelToken(const CancelToken&) = delete;
    CancelToken& operator=(const CancelToken&) = delete;
    [[nodiscard]] std::uint32_t reason() const noexcept override { return reason_.load(); }
    [[nodiscard]] int fd() const noexcept override { return fd_; }
    // The first reason stays.
    void cancel(std::uint32_t reason) noexcept;

private:
    std::atomic<std::uint32_t> reason_{BH_CANCEL_NONE};
    int fd_;
};

}  // namespace bh::life
