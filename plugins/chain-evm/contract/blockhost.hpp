// Our own contracts: BlockHostSubscription and AccessCredentialNFT (contracts/).
#pragma once

#include "plugins/chain-evm/contract/deployment.hpp"

namespace bh::evm {

class BlockhostDeployment final : public Deployment {
public:
    explicit BlockhostDeployment(const Config& config);

    void describe(ChainDescription& out) const override;
    [[nodiscard]] Result<ChainEvent> decode(const Log& log) const override { return catalogue_.decode(log); }
    Status complete(Node& node, ChainEvent& event, const Log& log, const At& head) override;
    Result<SubscriptionState> subscription(Reader& reader, std::string_view id, const At& at) override;
    Result<OwnerAnswer> owner_of(Reader& reader, std::string_view credential, const At& at) override;
    Result<Balances> balances(Reader& reader, std::string_view account, const At& at) override;
    Result<Target> target(const Intent& intent) override;
    [[nodiscard]] bool refuses_repeats() const override { return true; }
    Result<Effect> effect(Reader& reader, const Intent& intent, const At& at) override;

private:
    const Config& config_;
    const EventCatalogue catalogue_;
};

}  // namespace bh::evm
