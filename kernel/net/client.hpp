// The client of blockhost-netd: its verbs, typed. What each does is in docs/contracts.md section 2. Thread-safe.
//
// Values are checked by netd, which names the field in its error. BH_E_CONFLICT: the tap or the address is another
// owner's. All verbs but tap_open are for the kernel's user; tap_open is for the launcher.
#pragma once

#include "kernel/ipc/client.hpp"
#include "plugin-api/documents/common.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bh::net {

struct VmNetwork {
    std::string tap;      // "bh" and 12 hex digits of the VM's op_id
    std::string owner;    // op_id of the VM
    std::string address;  // "2001:db8::7"
    std::string mac;
    std::string mode;       // "routed" | "on-link"
    std::string uplink;     // "" = the first of netd.yaml
    std::uint32_t uid = 0;  // of the VM's process; never 0
    bool operator==(const VmNetwork&) const = default;
};

// One VM as it is on the system now.
struct VmOnSystem {
    VmNetwork network;
    bool blocked = false;
    // What a complete VM has and this one lacks: "link", "gateway", "route", "neighbour", "proxy", "rules". vm_apply
    // repairs it. Always empty for a blocked one.
    std::vector<std::string> missing;
};

struct SysctlChange {
    std::string key;  // "net.ipv6.conf.all.forwarding"
    std::string from, to;
};

struct NetStatus {
    bool table = false;       // our nftables table is there
    bool forwarding = false;  // IPv6
    std::vector<std::string> uplinks;
    std::vector<SysctlChange> changed;  // by this netd since its start
    std::vector<Finding> findings;      // what is missing, and the remedy
};

class NetClient {
public:
    explicit NetClient(std::string socket_path) : client_{std::move(socket_path), "blockhost-netd"} {}

    Status vm_apply(const VmNetwork& network);
    Status vm_block(const std::string& tap, const std::string& owner);
    Status vm_remove(const std::string& tap, const std::string& owner);
    Result<std::vector<VmOnSystem>> vm_list();
    Result<Fd> tap_open(const std::string& tap, const std::string& owner);
    Result<NetStatus> status();

private:
    ipc::Client client_;
};

}  // namespace bh::net
