// The chain instances as other instances see them: what stands behind the service chain. Thread-safe.
#pragma once

#include "kernel/plugins/instance.hpp"
#include "kernel/plugins/services.hpp"

#include <blockhost/ext/chain_contract.h>
#include <blockhost/kind/chain.h>

#include <functional>
#include <map>
#include <set>
#include <shared_mutex>

namespace bh::plugins {

class ChainInstances final : public ChainBackend {
public:
    // The newest position of an instance that the kernel holds for final; unknown: none yet, or the kernel does not
    // follow that instance.
    using FinalAt = std::function<Position(const std::string& instance)>;

    // What has begun is kept in `store` under "USER/chain", which no instance is called; what is final for a week may
    // go when there is no room left. `now`: Unix seconds.
    ChainInstances(StoreBackend& store, FinalAt final_at, std::function<std::int64_t()> now = unix_now)
        : store_{store}, final_at_{std::move(final_at)}, now_{std::move(now)} {}

    // The instance stays until remove(), which waits for its callers.
    void add(Instance& instance);
    void remove(const std::string& name);
    // BH_E_INVALID: no chain instance of that name, or without the extension.
    Status usable(const std::string& name) const;

    Result<std::string> canonical(const std::string& chain, const std::string& address) override;
    Result<std::string> read(const std::string& chain, const std::string& request, const std::string& at,
                             std::uint32_t min_agree) override;
    Result<std::string> logs(const std::string& chain, const std::string& filter, const std::string& cursor,
                             std::uint32_t max) override;
    Result<std::string> submit(const std::string& user, const std::string& chain, const bh_call* call,
                               const std::string& step, const ContractCall& what) override;

private:
    struct Chain {
        Instance* instance;
        const bh_chain* verbs;
        const bh_chain_contract* contract;
    };
    static std::int64_t unix_now();
    Status keep(const std::string& space, const std::string& key, const Bytes& row);
    Status forget_old(const std::string& space);
    // `body(chain)` while the instance can't go.
    template <class F>
    Result<std::string> use(const std::string& name, F&& body);

    StoreBackend& store_;
    const FinalAt final_at_;
    const std::function<std::int64_t()> now_;
    mutable std::shared_mutex mutex_;
    std::map<std::string, Chain> chains_;
    std::mutex running_mutex_;
    std::set<std::string> running_;  // submissions
};

}  // namespace bh::plugins
