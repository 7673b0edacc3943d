// What a plugin must leave as it found it in its process.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace bh::check {

struct Snapshot {
    static Snapshot take();

    std::map<int, std::string> signals;  // number -> handler and flags
    std::string signal_mask, cwd, locale, umask;
    std::vector<std::string> environment;
    std::map<int, std::string> files;  // descriptor -> what it is
    std::map<int, std::pair<std::uint64_t, std::uint64_t>> limits;
    std::set<int> threads, children;
};

// One sentence for each difference: "installed a handler for SIGUSR1". `ongoing`: the instance lives, so descriptors
// and threads may be more.
std::vector<std::string> differences(const Snapshot& before, const Snapshot& after, bool ongoing);

// Descriptors of `after` that are not in `before` and would pass to a program that is started.
std::vector<std::string> inheritable(const Snapshot& before, const Snapshot& after);

}  // namespace bh::check
