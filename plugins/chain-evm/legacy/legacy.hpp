// The existing BlockhostSubscriptions and AccessCredentialNFT deployments (README.md). Safe on any thread.
#pragma once

#include "plugins/chain-evm/contract/deployment.hpp"
#include "plugins/chain-evm/legacy/index.hpp"

namespace bh::evm {

class LegacyDeployment final : public Deployment {
public:
    LegacyDeployment(const Config& config, const Services& services, const Address& agent);

    void describe(ChainDescription& out) const override;
    [[nodiscard]] Result<ChainEvent> decode(const Log& log) const override { return catalogue_.decode(log); }
    Status complete(Node& node, ChainEvent& event, const Log& log, const At& head) override;
    Result<SubscriptionState> subscription(Reader& reader, std::string_view id, const At& at) override;
    Result<OwnerAnswer> owner_of(Reader& reader, std::string_view credential, const At& at) override;
    Result<Balances> balances(Reader& reader, std::string_view account, const At& at) override;
    Result<Target> target(const Intent& intent) override;
    [[nodiscard]] bool refuses_repeats() const override { return false; }
    Result<Effect> effect(Reader& reader, const Intent& intent, const At& at) override;

private:
    Status complete_mint(Node& node, ChainEvent& event, const Log& log);
    Status complete_token(Node& node, ChainEvent& event, const Log& log);
    void complete_plan(ChainEvent& event) const;
    Result<legacy::Purchase> purchase_of(const Intent& intent) const;
    Result<Effect> look_in(Node& node, const Intent& intent, const legacy::Purchase& purchase, std::uint64_t from,
                           std::uint64_t to);

    const Config& config_;
    const Address agent_;
    const EventCatalogue catalogue_;
    legacy::Index index_;
};

}  // namespace bh::evm
