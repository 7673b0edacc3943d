// What a plugin asks for, as an operator is shown it: of the manifest, as lists of short texts, so that two releases
// can be compared. Plain values; any thread.
#pragma once

#include "plugin-api/host/manifest.hpp"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace bh::trust {

// In the order in which they are shown.
inline constexpr std::array<const char*, 9> kAskNames{"interfaces", "services", "keys",      "secrets", "programs",
                                                      "network",    "paths",    "isolation", "threads"};
inline constexpr std::size_t kMaxAsks = 256, kMaxAskBytes = 4096;

using Asks = std::map<std::string, std::vector<std::string>>;  // a name without entry: nothing of it

// BH_E_INVALID: more or longer ones than anybody reads.
Result<Asks> asks_of(const host::Manifest& manifest);

struct Change {
    std::string name, text;
    bool added = false;  // else removed
};
std::vector<Change> changes(const Asks& before, const Asks& after);

// One line that a terminal shows as it is: control characters become "?".
std::string printable(std::string_view text);

}  // namespace bh::trust
