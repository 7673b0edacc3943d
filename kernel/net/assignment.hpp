// What one VM has on the network, and its short text. The text is kept as the alias of the VM's tap, so that the system
// itself says what belongs to whom: netd keeps nothing in memory or in a file, and a netd that was killed finds
// everything again.
#pragma once

#include "kernel/net/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bh::net {

enum class Mode {
    routed,  // the provider routes the prefix to this host
    on_link  // the prefix is on the uplink's link: the host answers neighbour solicitations for the VM
};
std::string_view mode_text(Mode mode);
Result<Mode> parse_mode(std::string_view text, std::string_view field);

// An op_id: [a-z0-9-]{1,64}.
Result<std::string> parse_owner(std::string_view text, std::string_view field);

struct Assignment {
    InterfaceName tap;
    std::string owner;  // op_id of the VM
    Ipv6Address address;
    MacAddress mac;
    Mode mode = Mode::routed;
    InterfaceName uplink;
    std::uint32_t uid = 0;  // of the VM's process: owns the tap
    bool blocked = false;   // only the tap is there
    bool operator==(const Assignment&) const = default;
};

// "blockhost-vm/1 OWNER ADDRESS MAC MODE UPLINK UID open|blocked". At most 255 bytes, which is what an alias holds.
std::string alias_of(const Assignment& assignment);
// nullopt: the alias is not ours.
std::optional<Assignment> parse_alias(const InterfaceName& tap, std::string_view alias);

}  // namespace bh::net
