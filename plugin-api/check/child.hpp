// Runs a body in a process of its own and says how it ended: for what must be able to die, hang or soil its process.
#pragma once

#include "plugin-api/check/shared.hpp"
#include "plugin-api/documents/json.hpp"

#include <chrono>
#include <functional>
#include <optional>

#include <sys/types.h>

namespace bh::check {

struct Ended {
    std::optional<nlohmann::json> result;  // what the body returned; absent: it did not come to its end
    bool timed_out = false;
    int signal = 0;      // that ended it, 0 = none
    int exit_code = -1;  // when it ended by itself
    std::string output;  // what it wrote to stdout and stderr, the first 64 KiB

    // How it ended, in a sentence's second half: "died by SIGSEGV while in vm_create". "" with a result.
    [[nodiscard]] std::string how(const Shared& shared) const;
};

// The child leads a process group of its own; what is left of the group is killed when it ends. What the body throws
// ends the child without a result, with its words in `shared`.
Ended run_child(Shared& shared, std::chrono::milliseconds patience, const std::function<nlohmann::json()>& body);

}  // namespace bh::check
