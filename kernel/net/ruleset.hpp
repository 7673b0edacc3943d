// Our one table, `inet blockhost`, as JSON commands for nftables. README.md explains each rule. Pure functions: no
// command here is ever made by putting text together.
#pragma once

#include "kernel/net/assignment.hpp"
#include "plugin-api/documents/json.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bh::net {

struct RulesetConfig {
    std::vector<InterfaceName> uplinks;
    std::vector<std::uint16_t> open_tcp, open_udp;  // of the host, from the uplinks
    bool forward_others = false;                    // may the host forward IPv6 that is not a guest's
};

// Replaces the whole table in one transaction: rules, sets, and the elements of every open assignment.
nlohmann::json replace_table(const RulesetConfig& config, const std::vector<Assignment>& assignments);

// Elements of one assignment.
nlohmann::json add_elements(const Assignment& assignment);
nlohmann::json delete_elements(const Assignment& assignment);  // also when they are not there
nlohmann::json list_sources();

// Reads the answer of list_sources(): which (tap, mac, address) are allowed to send.
struct AllowedSource {
    std::string tap, mac, address;
    auto operator<=>(const AllowedSource&) const = default;
};
std::vector<AllowedSource> allowed_sources(const nlohmann::json& objects);

}  // namespace bh::net
