// RLP and eip1559-tx: what a plugin asks the signer to sign.
#include "kernel/signer/transaction.hpp"

#include "kernel/signer/rlp.hpp"
#include "tests/fuzz/fuzz.hpp"

using bh::signer::RlpReader;

namespace {

void walk(RlpReader reader, int depth) {
    while (!reader.empty()) {
        RlpReader ahead = reader;
        if (auto list = ahead.list()) {
            if (depth < 16) walk(*list, depth + 1);
            reader = ahead;
        } else if (!reader.text()) {
            return;
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    walk(RlpReader{{data, size}}, 0);
    const auto tx = bh::signer::decode_transaction({data, size});
    if (!tx) return 0;
    bh::fuzz::must(tx->value.empty() || tx->value.front() != 0, "a value has no leading zeros");
    bh::fuzz::must(tx->data.size() <= size, "data comes from the payload");
    const auto cost = tx->most_it_can_cost();
    bh::fuzz::must(bh::signer::parse_wei(bh::signer::decimal(cost)) == cost, "an amount survives");
    return 0;
}
