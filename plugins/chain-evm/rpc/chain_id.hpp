// The check that an endpoint serves the chain that the configuration names.
#pragma once

#include "plugins/chain-evm/chain/profile.hpp"
#include "plugins/chain-evm/rpc/node.hpp"

namespace bh::evm {

inline Status check_chain_id(const Node& node, const Profile& profile, std::uint64_t got) {
    if (got == profile.chain_id) return {};
    return Failure{BH_E_UNAVAILABLE, "wrong_chain",
                   "the endpoint " + node.label() + " serves chain " + std::to_string(got) + ", but " + profile.title +
                       " is chain " + std::to_string(profile.chain_id) + "; give the URL of a node of that chain",
                   0};
}

}  // namespace bh::evm
