// Submitter: what one call works on. Only the submitter's own files include this.
#pragma once

#include "plugins/chain-evm/tx/submitter.hpp"

namespace bh::evm {

struct Submitter::Job {
    const SubmitCall& call;
    Address to;
    Bytes calldata;
    std::string digest;
    Checkpoint checkpoint;  // valid once it has variants

    [[nodiscard]] std::vector<Hash> hashes() const {
        std::vector<Hash> out;
        for (const Variant& variant : checkpoint.variants) out.push_back(*Hash::parse(variant.hash));
        return out;
    }
    [[nodiscard]] bool cancelled() const { return call.cancel_reason == BH_CANCEL_ORDER; }
};

}  // namespace bh::evm
