// One Ethereum node, asked by JSON-RPC.
#pragma once

#include "plugins/chain-evm/rpc/json_rpc.hpp"
#include "plugins/chain-evm/rpc/node.hpp"

namespace bh::evm {

class RpcNode final : public Node {
public:
    explicit RpcNode(std::unique_ptr<Transport> transport) : rpc_{std::move(transport)} {}

    Result<Tips> tips(bool finality_tags) override;
    Result<std::uint64_t> chain_id() override;
    Result<std::vector<std::optional<Header>>> headers(std::span<const std::uint64_t> numbers) override;
    Result<LogsAnswer> logs(std::span<const Address> addresses, std::uint64_t from, std::uint64_t to) override;
    Result<LogsAnswer> logs_of_block(std::span<const Address> addresses, const Hash& block) override;
    Result<CallsAnswer> calls_at(std::span<const Call> calls, const Hash& block, std::uint64_t number) override;
    Result<Bytes> code_at(const Address& account, std::uint64_t number) override;
    Result<Uint256> balance_at(const Address& account, std::uint64_t number) override;
    Result<std::uint64_t> nonce_at(const Address& account, std::uint64_t number) override;
    Result<Nonces> nonces(const Address& account) override;
    Result<Estimate> estimate(const Address& from, const std::optional<Address>& to, const Bytes& data) override;
    Result<FeeHistory> fees() override;
    Result<BroadcastResult> broadcast(const Bytes& raw) override;
    Result<std::vector<std::optional<TxReceipt>>> receipts(std::span<const Hash> hashes) override;
    Result<std::vector<bool>> known(std::span<const Hash> hashes) override;
    Result<std::vector<Bytes>> inputs(std::span<const Hash> hashes) override;
    [[nodiscard]] const std::string& label() const override { return rpc_.label(); }

    // Every log of `addresses` in the block, proven by its header (proof/block_proof.hpp): by eth_getBlockReceipts,
    // else by each transaction's receipt. nullopt: what the node gives is not what the header commits to.
    Result<std::optional<std::vector<Log>>> proven_logs(const Header& header, std::span<const Address> addresses);

    // Ends requests that are running, and all later ones: "endpoint_down".
    void interrupt() { rpc_.interrupt(); }

private:
    JsonRpc rpc_;
};

}  // namespace bh::evm
