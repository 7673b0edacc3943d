// Runs one program for its answer: in a short-lived child with an environment, descriptors, memory and time of its own,
// so that whatever crafted input does to it, it does not do it to this process. Any thread.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace bh::trust {

// The program sees `files` as /proc/self/fd/3, 4, ... and `input` as its standard input: copies in memory, so that what
// the caller read is what the program reads.
struct ToolCall {
    std::vector<std::string> command;  // an absolute path and its arguments
    std::string input;
    std::vector<std::string> files;
    std::chrono::milliseconds patience = std::chrono::seconds{10};
};
struct ToolAnswer {
    int exit_code = 0;  // 127: it could not be started; 128 + N: ended by signal N
    std::string output, errors;
};

inline constexpr std::size_t kMaxToolOutput = std::size_t{64} << 10;

// The name under which the program sees files[index].
std::string tool_file(std::size_t index);

// BH_E_UNAVAILABLE: no child could be made; BH_E_TIMEOUT: it took too long and was ended.
Result<ToolAnswer> run_tool(const ToolCall& call);

}  // namespace bh::trust
