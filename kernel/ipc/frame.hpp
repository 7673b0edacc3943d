// Frames on a connected Unix stream socket: a 4-byte little-endian length, then that many bytes of JSON, with
// descriptors as SCM_RIGHTS on the first byte. docs/contracts.md section 2.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "plugin-api/documents/result.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bh::ipc {

inline constexpr std::size_t kMaxFrame = std::size_t{1} << 20;
inline constexpr std::size_t kMaxFds = 16;

struct Frame {
    std::string body;
    std::vector<Fd> fds;
};

using Deadline = std::chrono::steady_clock::time_point;

// Sends one frame; blocks until it is out or the deadline passes (BH_E_TIMEOUT). The descriptors stay the caller's.
Status send_frame(int socket, std::string_view body, const std::vector<int>& fds, Deadline deadline);

// Receives one frame. nullopt: the peer closed before a frame began. `wake` becoming readable while no frame has begun
// ends the wait like a close; -1 = none. BH_E_INVALID: too long, or cut in the middle.
Result<std::optional<Frame>> receive_frame(int socket, int wake, Deadline deadline);

}  // namespace bh::ipc
