// NoCloud data of a new guest, as pam/first-boot.md says: trust anchors and network, nothing secret.
#pragma once

#include "kernel/lifecycle/seams.hpp"

#include <memory>
#include <string>
#include <vector>

namespace bh::daemon {

struct FirstBootSettings {
    std::string statement_key;  // "0x" and 64 hex digits: the host's Ed25519 public key
    std::string seal_text;
    std::vector<std::string> resolvers;
};

std::unique_ptr<life::FirstBootPort> make_first_boot(FirstBootSettings settings);

}  // namespace bh::daemon
