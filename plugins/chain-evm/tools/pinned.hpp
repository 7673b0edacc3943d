// The contracts that this build deploys and expects to find on a chain: contracts/artifacts, built in. The build fails
// when an artifact is not the one in contracts/artifacts/digests.txt; `build.mjs --check` holds both to the Solidity
// sources.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace bh::evm {

// A word of the deployed code that the constructor fills in.
struct Immutable {
    std::string_view name;
    std::size_t start, length;  // bytes
};

struct PinnedContract {
    std::string_view name;
    std::string_view compiler;  // with its commit
    std::string_view digest;    // SHA-256 of the artifact, 64 hex digits
    std::string_view creation;  // hex without 0x; the constructor's arguments follow
    std::string_view deployed;  // hex without 0x; zeros where immutables go
    std::span<const Immutable> immutables;
};

extern const PinnedContract kAccessCredential;
extern const PinnedContract kSubscriptionContract;
extern const PinnedContract kRevenueSplit;

}  // namespace bh::evm
