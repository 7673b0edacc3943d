// What the policy says about an argument of a call: one word of it is on a list, or is at most so much above another.
// Words are those of the contract ABI's head, counted from 0: an argument of fixed size is one word. Pure.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bh::signer {

using Word = std::array<std::uint8_t, 32>;

struct ArgumentRule {
    std::string function;  // its signature, as the policy lists it
    std::size_t word = 0;
    std::vector<Word> one_of;          // not empty, or
    std::optional<std::size_t> above;  // the word that this one is compared with
    std::uint64_t at_most = 0;         // this word less that one, which must not be larger

    // `arguments`: the call's data behind the selector.
    [[nodiscard]] bool allows(crypto::ByteView arguments) const;
    [[nodiscard]] std::string text() const;  // "argument 2 must be at most 604800 above argument 1"
};

// An address, or a decimal number below 2^64, as a word. nullopt: neither.
std::optional<Word> parse_word(std::string_view text);

}  // namespace bh::signer
