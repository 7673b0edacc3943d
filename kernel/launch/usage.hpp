// What a running unit uses, from procfs and sysfs. Safe in any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace bh::launch {

// nullopt: not known.
struct Usage {
    std::optional<std::int64_t> cpu_ns, memory_bytes;
    std::optional<std::int64_t> net_rx_bytes, net_tx_bytes;  // as the unit sees its tap
};

// `spec`: the unit-spec with which it was started.
Usage usage_of_unit(pid_t pid, const std::string& spec);

}  // namespace bh::launch
