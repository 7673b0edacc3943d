// Runs a program of the system and waits for it. The one place here that starts processes.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <string>
#include <vector>

namespace bh::guest {

// argv[0] is an absolute path; `input` goes to its standard input. BH_E_UNAVAILABLE "program_failed" with its name and
// exit status.
Status run(const std::vector<std::string>& argv, const std::string& input = {});

}  // namespace bh::guest
