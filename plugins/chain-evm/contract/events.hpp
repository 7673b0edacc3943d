// Logs of the two contracts, decoded into events of the kind `chain`. The topics are computed from the signatures once,
// when the catalogue is made; after that it is read-only and safe on any thread.
#pragma once

#include "plugin-api/documents/chain.hpp"
#include "plugins/chain-evm/abi/decode.hpp"
#include "plugins/chain-evm/abi/log.hpp"

#include <map>
#include <span>

namespace bh::evm {

// A log's indexed arguments, as words like those of its data. The log outlives it.
class Topics {
public:
    explicit Topics(const Log& log) : words_{log.topics.arguments()} {}
    [[nodiscard]] WordReader reader() const { return WordReader{words_}; }

private:
    ByteView words_;
};

using Decoder = Result<ChainEvent> (*)(const Log&);
struct EventKind {
    std::string_view signature;
    std::size_t indexed = 0;
    Decoder decode = nullptr;
};

class EventCatalogue {
public:
    // Of our own contracts.
    EventCatalogue(const Address& contract, const Address& credential);
    // Of others. The signatures outlive it.
    EventCatalogue(const Address& contract, std::span<const EventKind> of_contract, const Address& credential,
                   std::span<const EventKind> of_credential);

    // All but position, time, tx, log_index and ordinal. An event of type "plan" without plan_state needs the plan to
    // be read from the contract. A log that neither contract makes is "other" with an empty name. BH_E_UNAVAILABLE
    // "bad_log": it has a topic of ours and data that our contract can't have made.
    [[nodiscard]] Result<ChainEvent> decode(const Log& log) const;

private:
    struct Kind {
        std::string_view name;
        std::size_t topics = 0;  // with topic 0
        Decoder decode;
    };
    static void add(std::map<Hash, Kind>& kinds, std::string_view signature, std::size_t indexed, Decoder decode);

    Address contract_;
    Address credential_;
    std::map<Hash, Kind> of_contract_;
    std::map<Hash, Kind> of_credential_;
};

}  // namespace bh::evm
