// Logs of the existing BlockhostSubscriptions and AccessCredentialNFT, decoded into events of the kind `chain` as far
// as the log alone says: LegacyDeployment::complete() does the rest. Of events that are about a token, `subscription`
// is the token's id.
#pragma once

#include "plugins/chain-evm/contract/events.hpp"

namespace bh::evm::legacy {

EventCatalogue event_catalogue(const Address& contract, const Address& credential);

// topic 0 of CredentialMinted.
const Hash& minted_topic();

}  // namespace bh::evm::legacy
