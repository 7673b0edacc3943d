// What the process that watches over a worker tells the kernel: packets of one size on a socket that the plugin never
// sees.
#pragma once

#include <cstdint>

namespace bh::worker {

struct Report {
    enum class Kind : std::uint32_t {
        kSandbox = 1,  // text: what the sandbox is made of
        kDenied,       // text: the system call that was refused, the file out of reach, the limit; each once
        kEnded,        // value: the wait status
        kFailed,       // value: errno, text: the step of the sandbox that failed; the plugin was not loaded
    };
    Kind kind{};
    std::uint32_t value = 0;
    char text[504] = {};
};

}  // namespace bh::worker
