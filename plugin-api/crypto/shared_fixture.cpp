// A shared object that uses what the PAM module uses: recovers the signer of an eip191 message.
#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/ed25519.hpp"
#include "plugin-api/crypto/keccak.hpp"

extern "C" __attribute__((visibility("default"))) int recover_into(const char* message, const std::uint8_t* signature,
                                                                   std::size_t size, char address[43]) {
    using namespace bh::crypto;
    const auto who = recover_address({signature, size}, eip191_hash(bytes_of(message)));
    if (!who) return 0;
    const std::string text = who->text();
    text.copy(address, text.size());
    address[text.size()] = 0;
    return 1;
}
