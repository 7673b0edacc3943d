// Connects TCP sockets for plugins: resolves names by the system, tries each address, keeps the deadline. Thread-safe.
#pragma once

#include "kernel/plugins/services.hpp"

#include <netinet/in.h>

#include <chrono>
#include <functional>
#include <vector>

namespace bh::plugins {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

// The addresses of a name, with its port, before the deadline (CLOCK_MONOTONIC).
using Resolve = std::function<Result<std::vector<SocketAddress>>(const Endpoint& endpoint, std::uint64_t deadline_ns)>;

// By getaddrinfo. It can't be stopped, so it runs in a thread of its own; at most sixteen at once, then
// BH_E_UNAVAILABLE.
Resolve system_resolver();

// `longest`: however long a plugin would wait.
std::unique_ptr<ConnectBackend> make_connect_backend(Resolve resolve = system_resolver(),
                                                     std::chrono::milliseconds longest = std::chrono::seconds{20});

}  // namespace bh::plugins
