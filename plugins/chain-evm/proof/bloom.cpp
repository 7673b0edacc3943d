#include "plugins/chain-evm/proof/bloom.hpp"

#include "plugin-api/crypto/keccak.hpp"

namespace bh::evm {
namespace {

constexpr std::size_t kBits = 2048;

// Three bits: the low 11 of each of the first three pairs of bytes of the hash; bit 0 is the last one of the filter.
template <class F>
bool each_bit(ByteView value, F&& visit) {
    const auto hash = crypto::keccak256(value);
    for (std::size_t i = 0; i < 6; i += 2) {
        const std::size_t bit = (static_cast<std::size_t>(hash[i]) << 8 | hash[i + 1]) % kBits;
        if (!visit(kBits / 8 - 1 - bit / 8, static_cast<std::uint8_t>(1U << bit % 8))) return false;
    }
    return true;
}

void add(Bloom& bloom, ByteView value) {
    each_bit(value, [&](std::size_t byte, std::uint8_t bit) {
        bloom[byte] = static_cast<std::uint8_t>(bloom[byte] | bit);
        return true;
    });
}

}  // namespace

void add_to(Bloom& bloom, const Log& log) {
    add(bloom, log.address.bytes);
    for (const Hash& topic : log.topics) add(bloom, topic.bytes);
}

bool may_hold(const Bloom& bloom, const Address& address) {
    return each_bit(address.bytes, [&](std::size_t byte, std::uint8_t bit) { return (bloom[byte] & bit) != 0; });
}

}  // namespace bh::evm
