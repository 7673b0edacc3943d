#include "plugins/chain-evm/rpc/crew.hpp"

#include <system_error>

namespace bh::evm {

Crew::~Crew() {
    for (;;) {
        std::list<std::thread> rest;
        {
            const std::lock_guard lock{mutex_};
            // A thread that ends moves itself; what is in neither list is about to be.
            rest.splice(rest.end(), finished_);
            if (rest.empty() && running_.empty()) return;
        }
        for (std::thread& thread : rest) thread.join();
        if (rest.empty()) std::this_thread::yield();
    }
}

void Crew::start(std::function<void()> work) {
    join_finished();
    std::unique_lock lock{mutex_};  // the thread can't end before it is in the list
    const auto place = running_.emplace(running_.end());
    try {
        *place = std::thread{[this, place, work] {
            work();
            const std::lock_guard own{mutex_};
            finished_.splice(finished_.end(), running_, place);
        }};
    } catch (const std::system_error&) {
        // A sandbox has few threads, and they may all be busy.
        running_.erase(place);
        lock.unlock();
        work();
    }
}

void Crew::join_finished() {
    std::list<std::thread> done;
    {
        const std::lock_guard lock{mutex_};
        done.splice(done.end(), finished_);
    }
    for (std::thread& thread : done) thread.join();
}

}  // namespace bh::evm
