// The tun device node: makes persistent taps and opens their descriptors. The only place with TUN ioctls.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "kernel/net/address.hpp"

#include <cstdint>
#include <string>

namespace bh::net {

// A descriptor of the tap; the tap is made when it does not exist and goes away with the descriptor until it was made
// persistent. BH_E_BUSY: somebody has it open.
Result<Fd> open_tap(const std::string& device, const InterfaceName& tap);

Status set_tap_owner(const Fd& tap, std::uint32_t uid);
Status make_persistent(const Fd& tap);

// Can the device node be opened? The failure says what to do.
Status check_tun_device(const std::string& device);

}  // namespace bh::net
