// The one exported symbol.
#include "plugins/chain-evm/plugin.hpp"

BH_PLUGIN(bh::evm::EvmChain)
