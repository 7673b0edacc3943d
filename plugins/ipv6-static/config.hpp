// The configuration of one instance: read, and judged in plain words.
#pragma once

#include "plugin-api/documents/common.hpp"
#include "plugins/ipv6-static/prefix.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace bh::ipv6_static {

struct Config {
    Prefix prefix;
    std::string mode;    // "routed" | "on-link"
    std::string uplink;  // "" = netd's default
    std::vector<std::string>
        reserved;  // canonical, sorted, without duplicates; the prefix's own first address included
};

struct Judged {
    Config config;  // whole unless a finding is an error
    std::vector<Finding> findings;
};

// A Failure only when the text has not the shape that the manifest's schema asks for.
Result<Judged> judge_config(std::string_view json);

}  // namespace bh::ipv6_static
