// signer.yaml, typed. README.md describes each key; unknown keys are errors.
#pragma once

#include "kernel/signer/argument_rule.hpp"
#include "kernel/signer/codec/codec.hpp"
#include "kernel/signer/function_signature.hpp"
#include "kernel/signer/transaction.hpp"
#include "plugin-api/crypto/address.hpp"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bh::signer {

// What the agent key may be used for on one chain.
struct ChainPolicy {
    std::string chain;  // CAIP-2
    std::uint64_t chain_id = 0;
    crypto::Address contract;  // this host's: statements, attestations and unsealing are for it only

    struct Calls {
        crypto::Address to;
        std::vector<FunctionSignature> functions;
        std::vector<ArgumentRule> arguments = {};  // all of a function's must hold
    };
    std::vector<Calls> calls;
    std::uint64_t max_gas = 0;  // of one transaction
    Wei max_fee = 0;            // gas limit times maxFeePerGas of one transaction
};

// What intents (bh-intent-1, codecs) may do on one chain.
struct IntentPolicy {
    std::string chain;     // CAIP-2
    std::string contract;  // this host's, in the chain's canonical text: as above
    struct Calls {
        std::string contract;
        std::vector<std::string> functions;  // byte for byte
        Wei max_value = 0;                   // of one intent
    };
    std::vector<Calls> calls;
    Wei max_fee = 0;  // of one intent
};

// What one plugin instance may have signed.
struct Grant {
    std::string caller;         // plugin instance
    std::string scheme;         // "eip1559-tx", "eip191", "eip712", "bh-intent-1", or a codec's
    std::string chain;          // all but eip191: CAIP-2
    std::string prefix;         // eip191: the message begins with it
    std::string name, version;  // eip712: the domain, exactly
    std::optional<crypto::Address> verifying_contract;
    std::string primary_type;  // eip712
};

struct SignerConfig {
    std::string socket;  // absolute
    std::vector<uid_t> peers;
    std::optional<uid_t> run_as;  // whom to become when started as root
    std::optional<gid_t> group;   // of the socket and its directory
    std::string log;              // absolute
    std::string anchors;          // absolute; beside the log unless it is named
    struct Keys {
        std::string agent, server, statement;            // absolute paths
        std::map<std::string, std::string> codecs = {};  // by scheme
    } keys;
    std::vector<CodecConfig> codecs;
    std::string codec_program;  // absolute: blockhost-codec
    std::vector<ChainPolicy> chains;
    std::vector<IntentPolicy> intents;  // no chain is in both
    std::vector<Grant> grants;
    std::vector<std::string> seals;  // formats that `unseal` opens
    std::int64_t statement_lifetime_s = 0;

    [[nodiscard]] const ChainPolicy* chain(std::string_view name) const;
    [[nodiscard]] const IntentPolicy* intents_on(std::string_view chain) const;
};

Result<SignerConfig> read_signer_config(const std::string& path);

}  // namespace bh::signer
