#include "plugins/chain-evm/abi/encode.hpp"

#include "plugin-api/crypto/keccak.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

std::array<std::uint8_t, 32> address_word(const Address& value) {
    std::array<std::uint8_t, 32> word{};
    std::copy(value.bytes.begin(), value.bytes.end(), word.begin() + 12);
    return word;
}

}  // namespace

Hash signature_hash(std::string_view signature) { return Hash{crypto::keccak256(crypto::bytes_of(signature))}; }

std::array<std::uint8_t, 4> selector(std::string_view signature) {
    const Hash hash = signature_hash(signature);
    std::array<std::uint8_t, 4> out{};
    std::copy_n(hash.bytes.begin(), out.size(), out.begin());
    return out;
}

CallEncoder::CallEncoder(std::string_view signature) : selector_{selector(signature)} {}

CallEncoder& CallEncoder::uint(const Uint256& value) {
    arguments_.push_back({value.word(), {}, false});
    return *this;
}

CallEncoder& CallEncoder::address(const Address& value) {
    arguments_.push_back({address_word(value), {}, false});
    return *this;
}

CallEncoder& CallEncoder::hash(const Hash& value) {
    arguments_.push_back({value.bytes, {}, false});
    return *this;
}

CallEncoder& CallEncoder::bytes(ByteView value) {
    Bytes tail = crypto::to_bytes(Uint256{value.size()}.word());
    crypto::append(tail, value);
    tail.resize((tail.size() + 31) / 32 * 32);
    arguments_.push_back({{}, std::move(tail), true});
    return *this;
}

CallEncoder& CallEncoder::uints(std::span<const Uint256> values) {
    Bytes tail = crypto::to_bytes(Uint256{values.size()}.word());
    for (const Uint256& value : values) crypto::append(tail, value.word());
    arguments_.push_back({{}, std::move(tail), true});
    return *this;
}

CallEncoder& CallEncoder::addresses(std::span<const Address> values) {
    Bytes tail = crypto::to_bytes(Uint256{values.size()}.word());
    for (const Address& value : values) crypto::append(tail, address_word(value));
    arguments_.push_back({{}, std::move(tail), true});
    return *this;
}

Bytes CallEncoder::finish() const {
    Bytes out{selector_.begin(), selector_.end()};
    std::size_t offset = arguments_.size() * 32;
    for (const Argument& argument : arguments_) {
        if (argument.dynamic) {
            crypto::append(out, Uint256{offset}.word());
            offset += argument.tail.size();
        } else {
            crypto::append(out, argument.word);
        }
    }
    for (const Argument& argument : arguments_) crypto::append(out, argument.tail);
    return out;
}

}  // namespace bh::evm
