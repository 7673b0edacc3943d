// Threads for requests that run side by side. Nobody has to wait for one of them, but all end before the crew does.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace bh::evm {

class Crew {
public:
    Crew() = default;
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    // On a thread of its own, or at once where no more threads can be had. `work` throws nothing.
    void start(std::function<void()> work);

private:
    void join_finished();

    std::mutex mutex_;
    std::list<std::thread> running_, finished_;
};

}  // namespace bh::evm
