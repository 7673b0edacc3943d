// Decides what may be signed. Pure: the same configuration and payload give the same answer.
//
// Each refusal is BH_E_DENIED with a slug of its own and a sentence that names the key of signer.yaml to look at.
#pragma once

#include "kernel/signer/config.hpp"
#include "kernel/signer/intent.hpp"

#include <string_view>

namespace bh::signer {

// The grant of this caller for this scheme, eip1559-tx, and that chain; "not_granted".
Status check_granted(const SignerConfig& config, std::string_view caller, const Transaction& tx);

// Chain, destination, function, value, gas and fee. `agent` is the signing key's address: a zero transfer to itself
// fills a nonce. Answers a short text of what it does: "decline(uint256,bytes32,string)", "fill nonce".
Result<std::string> check_transaction(const SignerConfig& config, const Transaction& tx, const crypto::Address& agent);

// The grant of this caller for `scheme`, whose payload says `intent`; "not_granted", "other_chain".
Status check_intent_granted(const SignerConfig& config, std::string_view caller, std::string_view scheme,
                            const Intent& intent);

// Chain, contract, function, value and fee: "other_chain", "fee_cap", "other_destination", "other_function",
// "moves_value", "value_cap".
Status check_intent(const SignerConfig& config, const Intent& intent);

// This host's contract on that chain, or "other_contract".
Status check_contract(const SignerConfig& config, std::string_view chain, std::string_view contract);

// A message that begins with a granted prefix; "not_granted".
Status check_message(const SignerConfig& config, std::string_view caller, crypto::ByteView message);

}  // namespace bh::signer
