// What the lifecycle is told: which instances it uses, its times and its limits. Plain values, checked by
// kernel/config.
#pragma once

#include "kernel/ingest/finality.hpp"
#include "kernel/lifecycle/guard.hpp"

#include <map>

namespace bh::life {

struct ChainConfig {
    std::string instance;
    FinalityRule finality;
    // Purchases that are not final yet are started up to this amount per token ("native" or address); none = wait.
    std::map<std::string, Amount> early_start;
    std::uint32_t guard_agree =
        0;  // endpoints that must agree before something is destroyed; 0 = the instance's default
};

struct EngineConfig {
    std::string host_name = "host", login_user = "user";
    std::vector<ChainConfig> chains;
    // Placement: one instance of each kind; a further one is a further host's.
    std::string hypervisor, storage, ipv6, default_image;
    std::uint32_t max_vms = 0;  // 0 = what the hypervisor says

    GuardPolicy guard;
    std::int64_t undo_window_ms = 60'000;
    std::int64_t statement_lifetime_s = 900, statement_renew_ms = 300'000;
    std::int64_t poll_ms = 500;
    std::int64_t safety_poll_ms = 15'000;  // of a chain whose plugin says when there is something new: the safety net
    std::int64_t watch_ms = 10'000;        // how often VMs that stopped by themselves are looked for
    std::int64_t backoff_min_ms = 1'000, backoff_max_ms = 60'000;
    std::int64_t alarm_after_ms = 3'600'000;
    std::int64_t unpark_ms = 300'000;
    std::int64_t short_deadline_ms = 60'000, long_deadline_ms = 600'000;
    std::uint32_t parallel_per_instance = 4;
    std::uint32_t looks_per_chain = 8;    // at once
    std::uint32_t window_permille = 800;  // of the delivery window after which an order is declined
};

}  // namespace bh::life
