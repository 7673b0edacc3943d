// Calls of code that is on no chain. eth_call runs the data of a call to kDeployless as the creation of a contract, at
// the block asked for, and answers with what the constructor returns; nothing is created. Node::calls_at knows it.
#pragma once

#include "plugins/chain-evm/abi/types.hpp"

namespace bh::evm {

// The end of keccak256("org.blockhost.deployless"): neither a key nor a contract has this address. It is the origin of
// such calls, too, because some accounts accept any signature from origin 0 or 1, where only simulations come from.
inline constexpr Address kDeployless{{0x73, 0xac, 0xee, 0xe0, 0x56, 0xa4, 0x14, 0x3a, 0xe1, 0xfe,
                                      0x1d, 0x77, 0xd7, 0x48, 0x0c, 0x75, 0x8d, 0x26, 0xc9, 0x10}};

// More than the validator's limits together; below the 2^24 that a transaction may use (EIP-7825), and nodes' caps.
inline constexpr std::uint64_t kDeploylessGas = 16'000'000;

}  // namespace bh::evm
