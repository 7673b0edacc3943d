// Contract ABI coding, outgoing: selectors and topics from signatures, and calldata. Pure, safe on any thread.
// https://docs.soliditylang.org/en/latest/abi-spec.html
#pragma once

#include "plugins/chain-evm/abi/types.hpp"

#include <span>
#include <vector>

namespace bh::evm {

// keccak256 of a canonical signature: the topic of an event; its first 4 bytes select a function or error.
Hash signature_hash(std::string_view signature);
std::array<std::uint8_t, 4> selector(std::string_view signature);

// Builds calldata argument by argument, in the order of the signature; the types are the caller's duty.
class CallEncoder {
public:
    explicit CallEncoder(std::string_view signature);

    CallEncoder& uint(const Uint256& value);
    CallEncoder& uint(std::uint64_t value) { return uint(Uint256{value}); }
    CallEncoder& boolean(bool value) { return uint(std::uint64_t{value}); }
    CallEncoder& address(const Address& value);
    CallEncoder& hash(const Hash& value);
    CallEncoder& bytes(ByteView value);  // bytes or string
    CallEncoder& uints(std::span<const Uint256> values);
    CallEncoder& addresses(std::span<const Address> values);

    [[nodiscard]] Bytes finish() const;

private:
    struct Argument {
        std::array<std::uint8_t, 32> word{};
        Bytes tail;
        bool dynamic = false;
    };
    std::array<std::uint8_t, 4> selector_;
    std::vector<Argument> arguments_;
};

}  // namespace bh::evm
