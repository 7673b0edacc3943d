// What check() finds out about an existing deployment.
#pragma once

#include "plugin-api/sdk/cpp/plugin.hpp"
#include "plugins/chain-evm/read/reader.hpp"

namespace bh::evm::legacy {

// Code at both addresses that answers as the contracts do.
std::vector<Finding> inspect(Node& node, const Config& config, const At& head);

// Only the owner of the credential contract may mint.
std::vector<Finding> inspect_owner(Node& node, const Config& config, const At& head, const Address& agent);

}  // namespace bh::evm::legacy
