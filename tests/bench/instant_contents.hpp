// Inside instant_*.cpp: what an InstantHost remembers, and the ports over it.
#pragma once

#include "tests/bench/instant_host.hpp"

#include <chrono>

namespace bh::bench {

using Steady = std::chrono::steady_clock;

inline constexpr std::int64_t kDay = 86400, kWindow = 7 * kDay, kGrace = kDay;
inline constexpr const char* kDelegationOp = "delegation-op";

struct Order {
    std::string tx, order;
    std::int64_t bought = 0, expires = 0;
    std::uint64_t paid_seconds = 0;
    bool delivered = false;
};

inline std::string block_id(std::uint64_t height) { return "0xblock" + std::to_string(height); }

struct InstantHost::Contents {
    std::mutex mutex;
    std::vector<std::int64_t> times;  // of the blocks
    std::unordered_map<std::string, Order> orders;
    std::vector<ChainEvent> events, waiting;
    struct Sent {
        Intent intent;
        bool mined = false;
        Position position;
    };
    std::unordered_map<std::string, Sent> sent;  // by op_id
    std::vector<Vm> vms, calm_vms;
    std::unordered_map<std::string, std::size_t> vm_by_id, calm_by_id;
    std::vector<Volume> volumes;
    std::vector<life::NetworkBinding> bindings;
    std::unordered_map<std::string, Steady::time_point> stops, starts;
    When renewal;
    std::chrono::milliseconds create_takes{0};
    std::size_t creating = 0;
    bool calm_checked = false;
    std::map<std::string, std::size_t> commits;

    [[nodiscard]] Block block(std::uint64_t height) const { return {{block_id(height), height}, {times[height]}}; }
    [[nodiscard]] Block head() const { return block(times.size() - 1); }

    ChainEvent event(const char* type, const std::string& id) {
        ChainEvent out;
        out.type = type, out.subscription = id, out.plan = "1", out.token = "native";
        out.tx = "0xtx" + std::to_string(events.size() + waiting.size());
        out.actor = "0xbuyer";
        return out;
    }
};

using Contents = InstantHost::Contents;

std::unique_ptr<life::ChainPort> make_instant_chain(Contents& contents);

struct Backends {
    std::unique_ptr<life::HypervisorPort> hypervisor, calm;
    std::unique_ptr<life::StoragePort> storage;
    std::unique_ptr<life::Ipv6Port> prefix;
    std::unique_ptr<life::NetworkPort> network;
};
Backends make_instant_backends(Contents& contents);

}  // namespace bh::bench
