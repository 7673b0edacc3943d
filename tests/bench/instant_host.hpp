// A world for benchmarks of the kernel: every port answers at once from memory, for any number of subscriptions. What
// is measured over it is the kernel's own work and its journal's. Any thread; one lock for all of it.
#pragma once

#include "kernel/journal/journal.hpp"
#include "kernel/lifecycle/config.hpp"
#include "kernel/lifecycle/ports.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace bh::bench {

inline constexpr const char* kChain = "bench:1";
inline constexpr const char* kContract = "0xcontract";
inline constexpr const char* kHostKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb2fG0nKqgA2m2rY4v1zKQ0t0VvH0m1xk0m3b5v6x7A";

class InstantHost {
public:
    InstantHost();
    ~InstantHost();
    // Chain "chain", hypervisors "hv" and "calm", storage "st", prefixes from "v6".
    [[nodiscard]] life::Ports ports();
    [[nodiscard]] static life::EngineConfig config();

    // The chain. What is bought or sent is in the next block that is mined; it is final there.
    void buy(const std::string& id, std::uint64_t days = 30);
    void extend(const std::string& id, std::uint64_t days);
    void mine(std::int64_t seconds = 1);
    [[nodiscard]] Block head();

    // Makes `count` subscriptions that are served already, on the chain, in the backends and in the journal. They
    // expire `seconds` after the head; the first ones' VMs are those of "calm", if `on_calm`.
    Status serve(life::Journal& journal, std::size_t first, std::size_t count, std::int64_t seconds,
                 bool on_calm = false);

    // vm_create of "hv" takes that long from now on, unless it is cancelled.
    void slow_down(std::chrono::milliseconds vm_create);
    // When what happened last, by std::chrono::steady_clock; nullopt: it has not.
    using When = std::optional<std::chrono::steady_clock::time_point>;
    When stopped(const std::string& id), started(const std::string& id), renewed();
    [[nodiscard]] std::size_t creating();                        // vm_create calls that run now
    [[nodiscard]] bool checked();                                // check() of "calm" was asked
    [[nodiscard]] std::map<std::string, std::size_t> commits();  // by name, of those that have one

    struct Contents;  // instant_contents.hpp

private:
    struct Parts;
    std::unique_ptr<Contents> state_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace bh::bench
