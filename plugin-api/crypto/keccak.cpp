#include "plugin-api/crypto/keccak.hpp"

#include <cryptopp/keccak.h>

namespace bh::crypto {

Hash256 keccak256(std::initializer_list<ByteView> parts) {
    CryptoPP::Keccak_256 state;
    for (const ByteView part : parts) state.Update(part.data(), part.size());
    Hash256 hash{};
    state.TruncatedFinal(hash.data(), hash.size());
    return hash;
}

Hash256 keccak256(ByteView data) { return keccak256({data}); }

Hash256 eip191_hash(ByteView message) {
    const std::string head =
        "\x19"
        "Ethereum Signed Message:\n" +
        std::to_string(message.size());
    return keccak256({bytes_of(head), message});
}

}  // namespace bh::crypto
