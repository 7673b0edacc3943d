// Reads at a position: subscriptions, owners, balances, signatures. Each answer names the position it holds for. Safe
// on any thread.
#pragma once

#include "plugins/chain-evm/chain/config.hpp"
#include "plugins/chain-evm/contract/views.hpp"
#include "plugins/chain-evm/rpc/node.hpp"

namespace bh::evm {

// A block to ask the state of.
struct At {
    Hash hash;
    std::uint64_t height = 0;
};

class Reader {
public:
    Reader(Node& node, const Config& config) : node_{node}, config_{config} {}

    // What it reads from.
    [[nodiscard]] Node& node() const noexcept { return node_; }

    // The position a document names; "" is the node's head. BH_E_INVALID: not a position.
    Result<At> locate(std::string_view at);

    // With position and time.
    Result<SubscriptionView> subscription(std::string_view id, const At& at);
    Result<PlanView> plan(std::string_view id, const At& at);
    Result<Uint256> earned(const Address& token, const At& at);
    // What token `id` holds sealed, empty where there is no such token.
    Result<Bytes> sealed(std::string_view id, const At& at);

    Result<OwnerAnswer> owner_of(std::string_view credential, const At& at);
    Result<Balances> balances(const Address& account, const At& at);
    // Of the subscription contract, with whose it is.
    Result<Balances> escrow(const At& at);
    // Of where withdrawals go; with the shares, where that is the configured split.
    Result<Balances> treasury(const At& at);
    // What the configured split owes `owner`. BH_E_UNSUPPORTED: there is none.
    Result<Uint256> due(const Address& token, std::string_view owner, const At& at);

    // read/signature.cpp. BH_E_UNSUPPORTED: an unknown scheme, or "key_account": erc1271 of an account that has a key.
    Result<Verification> verify(std::string_view scheme, std::string_view signer, ByteView message, ByteView signature,
                                const At& at);

private:
    Result<CallResult> call(const Address& to, Bytes data, const At& at, Header* header = nullptr);
    Result<std::vector<Balances::Share>> shares(const Address& split, const std::string& token, const At& at);

    Node& node_;
    const Config& config_;
};

// The key that signed: "eip191" or "eip712". BH_E_INVALID: a signature that nobody made; BH_E_UNSUPPORTED: another.
Result<Address> recover_signer(std::string_view scheme, ByteView message, ByteView signature);

}  // namespace bh::evm
