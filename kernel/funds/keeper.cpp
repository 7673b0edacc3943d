#include "kernel/funds/keeper.hpp"

#include <chrono>

namespace bh::funds {

Keeper::Keeper(life::Journal& journal, life::Ports& ports, Config config, life::EngineConfig engine,
               std::function<bool()> recovering)
    : engine_{std::move(engine)} {
    Outages::Treasurers all;
    for (const auto& chain : engine_.chains) {
        auto& made = treasurers_[chain.instance];
        made = std::make_unique<Treasurer>(journal, ports, config, engine_, chain.instance, recovering);
        all[chain.instance] = made.get();
    }
    outages_ = std::make_unique<Outages>(journal, ports, config, std::move(all), recovering);
}

Keeper::~Keeper() { stop(); }

void Keeper::start() {
    outages_->step();
    for (auto& [name, treasurer] : treasurers_) {
        threads_.emplace_back([this, one = treasurer.get()] { loop([one] { return one->step(); }); });
    }
    threads_.emplace_back([this] {
        loop([this] {
            outages_->step();
            return engine_.watch_ms;
        });
    });
}

void Keeper::loop(const std::function<std::int64_t()>& step) {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        const std::uint64_t seen = wakes_;
        lock.unlock();
        const std::int64_t wait = step();
        lock.lock();
        if (wait <= 0) continue;
        changed_.wait_for(lock, std::chrono::milliseconds{wait}, [&] { return stopping_ || wakes_ != seen; });
    }
}

void Keeper::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& [name, treasurer] : treasurers_) treasurer->stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void Keeper::wake() {
    {
        const std::lock_guard lock{mutex_};
        ++wakes_;
    }
    changed_.notify_all();
}

std::vector<std::string> Keeper::instances() const {
    std::vector<std::string> out;
    for (const auto& [name, treasurer] : treasurers_) out.push_back(name);
    return out;
}

Result<Treasurer*> Keeper::treasurer(const std::string& instance) {
    if (instance.empty() && treasurers_.size() == 1) return treasurers_.begin()->second.get();
    if (instance.empty()) return invalid("bad_argument", "there are several chains: name one with --chain");
    const auto found = treasurers_.find(instance);
    if (found != treasurers_.end()) return found->second.get();
    return Failure{BH_E_NOT_FOUND, "no_chain", "there is no chain instance '" + instance + "'", 0};
}

}  // namespace bh::funds
