// guest-messages-1: what the guest answers to the host's requests (plugin-api/formats/guest-messages-1.md).
#pragma once

#include "pam/guest/places.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bh::guest {

// What `hello` says about this machine, read at each request.
struct Machine {
    std::string boot_id;
    std::uint64_t uptime_s = 0;
    std::string sshd;  // "listening", "starting", "stopped"
};
// Seam for tests.
using LookAtMachine = Machine (*)();

// The payload of the answer to this payload of a request. Never fails: what can't be done is an `error` answer.
std::string answer_request(const Places& places, LookAtMachine look, std::string_view request);

}  // namespace bh::guest
