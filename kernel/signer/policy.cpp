#include "kernel/signer/policy.hpp"

#include <algorithm>

namespace bh::signer {

namespace {

constexpr std::size_t kWordSize = 32;

Failure denied(const char* reason, std::string message) { return {BH_E_DENIED, reason, std::move(message)}; }

const ChainPolicy* chain_of(const SignerConfig& config, std::uint64_t id) {
    const auto found = std::find_if(config.chains.begin(), config.chains.end(),
                                    [&](const ChainPolicy& chain) { return chain.chain_id == id; });
    return found == config.chains.end() ? nullptr : &*found;
}

Failure other_chain(const std::string& chain, const char* list) {
    return denied("other_chain", chain + " is not in " + list + " of the signer's configuration");
}

Status check_cost(const ChainPolicy& chain, const Transaction& tx) {
    if (tx.max_priority_fee > tx.max_fee) {
        return denied("bad_fees", "maxPriorityFeePerGas is above maxFeePerGas; no chain takes such a transaction");
    }
    if (tx.gas > chain.max_gas) {
        return denied("gas_cap", "the gas limit " + std::to_string(tx.gas) + " is above max_gas " +
                                     std::to_string(chain.max_gas) + " of " + chain.chain + " in the signer's policy");
    }
    if (tx.most_it_can_cost() > chain.max_fee) {
        return denied("fee_cap", "gas limit times maxFeePerGas, " + decimal(tx.most_it_can_cost()) +
                                     ", is above max_fee " + decimal(chain.max_fee) + " of " + chain.chain +
                                     " in the signer's policy");
    }
    return {};
}

// The function that is called, or nullptr.
const FunctionSignature* function_of(const ChainPolicy::Calls& calls, const Bytes& data) {
    if (data.size() < 4 || (data.size() - 4) % kWordSize != 0) return nullptr;
    const auto found = std::find_if(calls.functions.begin(), calls.functions.end(), [&](const FunctionSignature& f) {
        return std::equal(f.selector.begin(), f.selector.end(), data.begin());
    });
    return found == calls.functions.end() ? nullptr : &*found;
}

Status check_arguments(const ChainPolicy::Calls& calls, const FunctionSignature& function, const Bytes& data) {
    const auto arguments = crypto::ByteView{data}.subspan(function.selector.size());
    for (const ArgumentRule& rule : calls.arguments) {
        if (rule.function != function.text || rule.allows(arguments)) continue;
        return denied("other_argument", rule.text() + ", by policy.chains.calls.arguments for " + calls.to.text());
    }
    return {};
}

}  // namespace

Status check_granted(const SignerConfig& config, std::string_view caller, const Transaction& tx) {
    const ChainPolicy* chain = chain_of(config, tx.chain_id);
    if (chain == nullptr) {
        return other_chain("chain id " + std::to_string(tx.chain_id), "policy.chains");
    }
    for (const Grant& grant : config.grants) {
        if (grant.scheme == "eip1559-tx" && grant.caller == caller && grant.chain == chain->chain) return {};
    }
    return denied("not_granted", "policy.grants of the signer's configuration lets " + std::string{caller} +
                                     " sign no eip1559-tx on " + chain->chain);
}

Result<std::string> check_transaction(const SignerConfig& config, const Transaction& tx, const crypto::Address& agent) {
    const ChainPolicy* chain = chain_of(config, tx.chain_id);
    if (chain == nullptr) {
        return other_chain("chain id " + std::to_string(tx.chain_id), "policy.chains");
    }
    if (!tx.to) return denied("creates_contract", "the agent key makes no contracts");
    if (!tx.value.empty()) return denied("moves_value", "the agent key sends no coins: the value must be 0");
    if (tx.access_list_entries != 0) return denied("access_list", "the access list must be empty");
    if (const auto fine = check_cost(*chain, tx); !fine) return fine.failure();
    if (*tx.to == agent) {
        if (!tx.data.empty()) return denied("self_data", "a transaction to the agent itself must carry no data");
        return std::string{"fill nonce"};
    }
    bool known = false;
    for (const auto& calls : chain->calls) {
        if (calls.to != *tx.to) continue;
        known = true;
        const FunctionSignature* function = function_of(calls, tx.data);
        if (function == nullptr) continue;
        if (const auto fine = check_arguments(calls, *function, tx.data); !fine) return fine.failure();
        return function->text;
    }
    if (!known)
        return denied("other_destination", tx.to->text() + " is not in policy.chains.calls for " + chain->chain);
    return denied("other_function", "the call's function is not in policy.chains.calls.functions for " + tx.to->text() +
                                        ", or its arguments are not whole words");
}

Status check_intent_granted(const SignerConfig& config, std::string_view caller, std::string_view scheme,
                            const Intent& intent) {
    if (config.intents_on(intent.chain) == nullptr) return other_chain(intent.chain, "policy.intents");
    for (const Grant& grant : config.grants) {
        if (grant.scheme == scheme && grant.caller == caller && grant.chain == intent.chain) return {};
    }
    return denied("not_granted", "policy.grants of the signer's configuration lets " + std::string{caller} +
                                     " sign no " + std::string{scheme} + " on " + intent.chain);
}

Status check_intent(const SignerConfig& config, const Intent& intent) {
    const IntentPolicy* chain = config.intents_on(intent.chain);
    if (chain == nullptr) return other_chain(intent.chain, "policy.intents");
    if (intent.fee > chain->max_fee) {
        return denied("fee_cap", "the fee " + decimal(intent.fee) + " is above max_fee " + decimal(chain->max_fee) +
                                     " of " + chain->chain + " in the signer's policy");
    }
    bool known = false;
    for (const IntentPolicy::Calls& calls : chain->calls) {
        if (calls.contract != intent.contract) continue;
        known = true;
        if (std::find(calls.functions.begin(), calls.functions.end(), intent.function) == calls.functions.end())
            continue;
        if (intent.value <= calls.max_value) return {};
        if (calls.max_value == 0) {
            return denied("moves_value", "the intent moves " + decimal(intent.value) +
                                             ": the value must be 0, or "
                                             "policy.intents.calls have a max_value for " +
                                             intent.contract);
        }
        return denied("value_cap", "the value " + decimal(intent.value) + " is above max_value " +
                                       decimal(calls.max_value) + " of " + intent.contract + " in the signer's policy");
    }
    if (!known) {
        return denied("other_destination", intent.contract + " is not in policy.intents.calls for " + chain->chain);
    }
    return denied("other_function", "the function " + intent.function +
                                        " is not in policy.intents.calls.functions for " + intent.contract);
}

Status check_contract(const SignerConfig& config, std::string_view chain, std::string_view contract) {
    const auto address = crypto::Address::parse(contract);
    if (const ChainPolicy* policy = config.chain(chain); policy != nullptr && address && *address == policy->contract) {
        return {};
    }
    if (const IntentPolicy* policy = config.intents_on(chain); policy != nullptr) {
        const auto own = crypto::Address::parse(policy->contract);
        if (contract == policy->contract || (own && address && *own == *address)) return {};
    }
    return denied("other_contract",
                  "chain and contract are not this host's in policy.chains or policy.intents of the "
                  "signer's configuration");
}

Status check_message(const SignerConfig& config, std::string_view caller, crypto::ByteView message) {
    for (const Grant& grant : config.grants) {
        if (grant.scheme == "eip191" && grant.caller == caller && crypto::text_of(message).starts_with(grant.prefix)) {
            return {};
        }
    }
    return denied("not_granted", "policy.grants of the signer's configuration has no eip191 prefix for " +
                                     std::string{caller} + " that this message begins with");
}

}  // namespace bh::signer
