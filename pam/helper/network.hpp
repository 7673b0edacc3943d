// The guest's addresses: written down for systemd-networkd, and set at once.
#pragma once

#include "pam/guest/first_boot.hpp"

namespace bh::guest {

// Content of /etc/systemd/network/10-blockhost.network and /etc/resolv.conf.
std::string networkd_file(const FirstBoot& first_boot);
std::string resolv_conf(const FirstBoot& first_boot);
// Input of `ip -batch -` for this device.
std::string ip_batch(const FirstBoot& first_boot, const std::string& device);

Status write_network_files(const FirstBoot& first_boot);
// Waits for nothing: the tap has no other speaker, so duplicate address detection is off.
Status bring_up_network(const FirstBoot& first_boot);

}  // namespace bh::guest
