// EIP-712 JSON that a plugin asks the signer to sign: the same input always has the same digest.
#include "kernel/signer/typed_data.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto typed = bh::signer::decode_typed_data({data, size});
    if (!typed) return 0;
    bh::fuzz::must(!typed->primary_type.empty(), "typed data has a type");
    const auto again = bh::signer::decode_typed_data({data, size});
    bh::fuzz::must(again.ok() && again->digest == typed->digest, "the digest depends on the input alone");
    return 0;
}
