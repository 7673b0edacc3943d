// The creation code of contracts/src/SignatureValidator.sol, built in from contracts/artifacts. Its arguments (address
// account, bytes32 digest, bytes signature) follow it; it returns one word: 0 refused, 1 accepted, 2 too little gas.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

namespace bh::evm {

crypto::ByteView signature_validator();

}  // namespace bh::evm
