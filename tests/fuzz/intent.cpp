// bh-intent-1: what a plugin of another chain asks the signer to sign. What is taken has one spelling.
#include "kernel/signer/intent.hpp"
#include "plugin-api/documents/json.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bh::signer;
    const auto intent = decode_intent({data, size});
    if (!intent) return 0;
    bh::fuzz::must(is_caip2(intent->chain), "the chain is a CAIP-2 id");
    bh::fuzz::must(parse_wei(decimal(intent->fee)) == intent->fee, "an amount survives");
    // Written anew from what was read, it is the same text.
    const nlohmann::json again{{"args", nlohmann::json::parse(intent->args)},
                               {"chain", intent->chain},
                               {"contract", intent->contract},
                               {"fee", decimal(intent->fee)},
                               {"function", intent->function},
                               {"nonce", std::to_string(intent->nonce)},
                               {"value", decimal(intent->value)}};
    bh::fuzz::must(again.dump() == bh::fuzz::text(data, size), "an intent has one spelling");
    return 0;
}
