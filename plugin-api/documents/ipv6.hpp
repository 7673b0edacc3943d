// Documents of the kind `bh.ipv6/1`: schemas/ipv6/1/.
#pragma once

#include "plugin-api/documents/common.hpp"

namespace bh {

struct Ipv6Description {
    std::vector<std::uint32_t> prefix_lengths;  // offered
    std::vector<std::string> features;
};
Result<Ipv6Description> parse_ipv6_description(std::string_view json);
std::string to_json(const Ipv6Description& description);

struct DelegationRequest {
    std::uint32_t prefix_length = 0;  // 0 = what the provider has
    Tags tags;
    bool operator==(const DelegationRequest&) const = default;
};
Result<DelegationRequest> parse_delegation_request(std::string_view json);
std::string to_json(const DelegationRequest& request);

struct Delegation {
    std::string delegation;  // id of this backend
    std::string created_by;  // op_id
    std::string instance;
    std::string prefix;  // "2001:db8:b10c:1::/64", canonical
    std::string mode;    // "routed": the prefix is routed to this host; "on-link": the host answers for it (neighbour
                         // proxy) on `uplink`
    std::string uplink;  // interface, "" = netd's default uplink
    std::vector<std::string>
        reserved;         // addresses inside the prefix that are not to be assigned (the host's own, the router's)
    UnixTime expires_at;  // 0 = never
    Tags tags;
};
Result<Delegation> parse_delegation(std::string_view json);
std::string to_json(const Delegation& delegation);

struct DelegationPage {
    std::vector<Delegation> delegations;
    std::string next;
};
Result<DelegationPage> parse_delegation_page(std::string_view json);
std::string to_json(const DelegationPage& page);

}  // namespace bh
