#include "kernel/lifecycle/executor.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace bh::life {
namespace {

class ThreadPool final : public Executor {
public:
    explicit ThreadPool(std::size_t threads) {
        for (std::size_t i = 0; i < threads; ++i) workers_.emplace_back([this] { work(); });
    }
    ~ThreadPool() override {
        {
            const std::lock_guard lock{mutex_};
            stopping_ = true;
        }
        ready_.notify_all();
        for (auto& worker : workers_) worker.join();
    }
    void run(std::function<void()> task) override {
        {
            const std::lock_guard lock{mutex_};
            tasks_.push_back(std::move(task));
        }
        ready_.notify_one();
    }

private:
    void work() {
        for (;;) {
            std::function<void()> task;
            {
                std::unique_lock lock{mutex_};
                ready_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
                if (tasks_.empty()) return;
                task = std::move(tasks_.front());
                tasks_.pop_front();
            }
            task();
        }
    }

    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::function<void()>> tasks_;
    bool stopping_ = false;
    std::vector<std::thread> workers_;
};

}  // namespace

std::unique_ptr<Executor> make_thread_pool(std::size_t threads) { return std::make_unique<ThreadPool>(threads); }

CancelToken::CancelToken() : fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {}
CancelToken::~CancelToken() {
    if (fd_ >= 0) ::close(fd_);
}

void CancelToken::cancel(std::uint32_t reason) noexcept {
    std::uint32_t none = BH_CANCEL_NONE;
    if (!reason_.compare_exchange_strong(none, reason) || fd_ < 0) return;
    const std::uint64_t one = 1;
    // The counter can't overflow by one write; a short write would leave the flag, which is polled, too.
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

}  // namespace bh::life
