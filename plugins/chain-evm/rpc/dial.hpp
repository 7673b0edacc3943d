// How the plugin opens TCP connections: one seam, so that the same client works in a worker, which has no network of
// its own, and in a process that has one. Whoever wants a connection through a proxy dials the proxy; TLS is the
// caller's business.
#pragma once

#include "plugin-api/sdk/cpp/kernel.hpp"
#include "plugins/chain-evm/rpc/socket.hpp"

#include <chrono>

namespace bh::evm {

// A connected TCP socket, non-blocking, CLOEXEC and without Nagle's delay, before the deadline. `host`: a name, an IPv4
// or an IPv6 address, the latter without brackets. Safe on any thread. Failures:
//   BH_E_TIMEOUT "connect_timeout"    not before the deadline
//   BH_E_DENIED                       the operator did not grant it; the message says what to grant
//   BH_E_UNAVAILABLE "connect_failed" no such name, or nobody answers; the message ends with the system's reason
using Dial = std::function<Result<Socket>(const std::string& host, std::uint16_t port,
                                          std::chrono::steady_clock::time_point deadline)>;

// By the kernel's service `connect` when the instance has been given it, else directly. The kernel must outlive it.
Dial make_dial(const sdk::Kernel& kernel);

// By this process itself: each address that the name has gets its share of the time. Looking up a name may last longer.
Result<Socket> dial_directly(const std::string& host, std::uint16_t port,
                             std::chrono::steady_clock::time_point deadline);

}  // namespace bh::evm
