// What an operator says about the host's money (kernel.yaml, "funds"). Plain values, checked by kernel/config.
#pragma once

#include "plugin-api/documents/common.hpp"

#include <map>

namespace bh::funds {

struct Config {
    // The host's account keeps the fees of so many deliveries. Below it an alarm stands, and nothing is withdrawn.
    std::uint32_t reserve_deliveries = 20;
    // And at least so much of the chain's coin, by chain instance: before the first delivery nobody knows what one
    // costs.
    std::map<std::string, Amount> reserve;
    bool credit_outages = false;          // without being asked
    std::int64_t credit_min_s = 300;      // shorter outages are not credited by themselves
    std::int64_t credit_max_s = 604'800;  // a week: of one credit, whoever orders it
};

}  // namespace bh::funds
