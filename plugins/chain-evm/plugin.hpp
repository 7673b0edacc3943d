// The plugin's object: one subscription contract on one chain. The SDK puts it behind the C ABI (plugin.cpp).
#pragma once

#include "plugins/chain-evm/contract/generic.hpp"
#include "plugins/chain-evm/heads/attach.hpp"
#include "plugins/chain-evm/poll/poller.hpp"
#include "plugins/chain-evm/rpc/quorum.hpp"
#include "plugins/chain-evm/tx/submitter.hpp"

#include <mutex>

namespace bh::evm {

class EvmChain {
public:
    static constexpr std::string_view kId = "org.blockhost.chain-evm";
    static constexpr std::string_view kVersion = "0.1.0";

    // Reads the configuration, asks the signer for the agent's address and begins to listen for new blocks; waits for
    // no network.
    static Result<std::unique_ptr<EvmChain>> create(const sdk::Kernel& kernel, std::string_view config);
    static Result<std::vector<Finding>> check(const sdk::Kernel& kernel, std::string_view config,
                                              std::uint64_t deadline_ns);
    Status quiesce(std::uint64_t deadline_ns);
    Result<std::string> health();

    Result<ChainDescription> describe();
    Result<ChainEvents> poll(const sdk::Call& call, std::string_view cursor, std::uint32_t max);
    Result<Receipt> submit(const sdk::Call& call, const Intent& intent, const Position& final_at);
    Result<OwnerAnswer> owner_of(const std::string& credential, const sdk::At& at);
    Result<SubscriptionState> subscription_state(const std::string& id, const sdk::At& at);
    Result<Balances> balances(const std::string& account, const sdk::At& at);
    Result<Verification> verify_signature(const std::string& scheme, const std::string& signer, const Bytes& message,
                                          const Bytes& signature, const sdk::At& at);
    Result<std::string> recover_signer(const std::string& scheme, const Bytes& message, const Bytes& signature);
    Result<std::string> parse_address(const std::string& text);
    Result<Receipt> submit_call(const sdk::Call& call, const ContractCall& what, const Position& final_at);
    Result<ChainValue> contract_read(const ChainRead& request, const sdk::At& at);
    Result<ChainLogs> contract_logs(const ChainFilter& filter, std::string_view cursor, std::uint32_t max);

private:
    EvmChain(Services services, Config config, std::vector<Endpoints::Source> sources, const Address& agent,
             std::vector<std::unique_ptr<Heads>> heads);

    // `body(Reader&, const At&)`, with as many endpoints agreeing as `at` says.
    template <class D, class F>
    Result<D> read(const sdk::At& at, F&& body);
    Result<Receipt> submit(const sdk::Call& call, SubmitCall job, const Position& final_at);

    const Services services_;
    const Config config_;
    const Address agent_;
    Endpoints endpoints_;
    Quorum node_;
    const std::unique_ptr<Deployment> deployment_;
    Reader reader_;
    Poller poller_;
    Submitter submitter_;
    GenericContract generic_;
    std::vector<std::unique_ptr<Heads>> heads_;  // one for each endpoint; nullptr: it has no WebSocket
};

// The transport to an endpoint, its URL and key from the secrets if they are there. Uses no network.
Result<std::unique_ptr<Transport>> connect(const Config& config, std::size_t endpoint, const Services& services);
Result<std::vector<Endpoints::Source>> connect_all(const Config& config, const Services& services);

}  // namespace bh::evm
