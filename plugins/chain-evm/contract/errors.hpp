// Custom errors of our contracts and of the libraries in them: revert data to a name with its arguments. Pure.
#pragma once

#include "plugins/chain-evm/abi/types.hpp"

namespace bh::evm {

// "NotOpen(7)", "Error: text" for require(), "Panic(0x11)", "error 0x12345678" for one that is not known,
// "no reason" for empty data.
std::string describe_revert(ByteView data);

}  // namespace bh::evm
