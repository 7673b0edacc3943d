#include "curve.h"

#include <cryptopp/keccak.h>

void curve_keccak256(const std::uint8_t* data, std::size_t size, std::uint8_t hash[32]) {
    CryptoPP::Keccak_256 state;
    state.Update(data, size);
    state.TruncatedFinal(hash, 32);
}
