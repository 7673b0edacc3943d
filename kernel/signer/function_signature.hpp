// A Solidity function signature as the policy names it, and its selector. Pure.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

#include <array>
#include <string>
#include <string_view>

namespace bh::signer {

using Selector = std::array<std::uint8_t, 4>;

struct FunctionSignature {
    std::string text;  // "decline(uint256,bytes32,string)"
    Selector selector{};

    // Name and canonical types, without names of parameters, spaces or aliases ("uint"): what is hashed is what is
    // written. BH_E_INVALID "bad_function".
    static Result<FunctionSignature> parse(std::string_view text);
};

}  // namespace bh::signer
