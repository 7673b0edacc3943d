// All of the host's money in one place: a treasurer for each chain on a thread of its own, so that a chain that does
// not answer delays no other, and the measuring of outages. Any thread may use treasurer().
#pragma once

#include "kernel/funds/outages.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace bh::funds {

class Keeper {
public:
    // For the chains of `engine`. All of these outlive this.
    Keeper(life::Journal& journal, life::Ports& ports, Config config, life::EngineConfig engine,
           std::function<bool()> recovering);
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;
    ~Keeper();  // stops

    // Looks for outages once, before the engine starts again what has stopped; then starts the threads.
    void start();
    void stop();  // waits for what runs
    void wake();  // something was ordered

    [[nodiscard]] std::vector<std::string> instances() const;
    // BH_E_NOT_FOUND: no chain instance of that name. "": the only one; BH_E_INVALID: there are several.
    Result<Treasurer*> treasurer(const std::string& instance);

private:
    void loop(const std::function<std::int64_t()>& step);

    life::EngineConfig engine_;
    std::map<std::string, std::unique_ptr<Treasurer>> treasurers_;
    std::unique_ptr<Outages> outages_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t wakes_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace bh::funds
