// Which block holds which purchase and which mint, kept in the kernel's store as poll() meets them: the contracts have
// no view that says so. An entry names its block, and counts only where that block is on the branch that is asked
// about, so nothing has to be taken out after a reorganisation. All of it is read anew from the chain when polling
// starts over: a mint says in its own transaction whom it is for (calls.hpp). A subscription takes about 160 of the
// 1,048,576 bytes that the store has for an instance. Safe on any thread.
#pragma once

#include "plugins/chain-evm/read/reader.hpp"
#include "plugins/chain-evm/services/services.hpp"

namespace bh::evm::legacy {

// A block by its height and the first 64 bits of its hash.
struct Place {
    std::uint64_t height = 0;
    std::string hash;  // 16 hex digits
    static Place of(std::uint64_t height, const Hash& hash);
    bool operator==(const Place&) const = default;
};

struct Purchase {
    Place place;
    std::string order;  // as documents give it
    Address buyer;
};

struct Mint {
    Place place;
    std::string order;
    std::string credential;  // the token's id
};

// A token of a mint of ours.
struct Token {
    Place place;
    std::string subscription;
};

class Index {
public:
    explicit Index(const Services& services) : services_{services} {}

    // Durable when it returns.
    [[nodiscard]] Status add(const std::string& subscription, const Purchase& purchase) const;
    [[nodiscard]] Status add(const std::string& subscription, const Mint& mint) const;

    // Whatever was met, on any branch.
    [[nodiscard]] Result<std::vector<Purchase>> purchases(const std::string& subscription) const;
    [[nodiscard]] Result<std::vector<Mint>> mints(const std::string& subscription) const;
    [[nodiscard]] Result<std::vector<Token>> tokens(const std::string& credential) const;

private:
    const Services& services_;
};

// The first of `entries` whose block is at or below `at` on the node's branch. Whoever reads state at `at` afterwards
// learns that it is the same branch.
Result<std::optional<Purchase>> on_branch(Node& node, const std::vector<Purchase>& entries, const At& at);
Result<std::optional<Mint>> on_branch(Node& node, const std::vector<Mint>& entries, const At& at);
Result<std::optional<Token>> on_branch(Node& node, const std::vector<Token>& entries, const At& at);

}  // namespace bh::evm::legacy
