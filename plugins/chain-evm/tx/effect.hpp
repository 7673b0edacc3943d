// Is what an intent wants already so? Asked of the contract at a position.
#pragma once

#include "plugins/chain-evm/read/reader.hpp"

namespace bh::evm {

Result<bool> effect_is_there(Reader& reader, const Intent& intent, const At& at);

}  // namespace bh::evm
