// Logs of the two contracts, decoded into events of the kind `chain`. The topics are computed from the signatures once,
// when the catalogue is made; after that it is read-only and safe on any thread.
#pragma once

#include "plugin-api/documents/chain.hpp"
#include "plugins/chain-evm/abi/log.hpp"

#include <map>

namespace bh::evm {

class EventCatalogue {
public:
    EventCatalogue(const Address& contract, const Address& credential);

    // All but position, time, tx, log_index and ordinal. An event of type "plan" without plan_state needs the plan to
    // be read from the contract. A log that neither contract makes is "other" with an empty name. BH_E_UNAVAILABLE
    // "bad_log": it has a topic of ours and data that our contract can't have made.
    [[nodiscard]] Result<ChainEvent> decode(const Log& log) const;

private:
    struct Kind {
        std::string_view name;
        std::size_t topics = 0;  // with topic 0
        Result<ChainEvent> (*decode)(const Log&);
    };
    static void add(std::map<Hash, Kind>& kinds, std::string_view signature, std::size_t indexed,
                    Result<ChainEvent> (*decode)(const Log&));

    Address contract_;
    Address credential_;
    std::map<Hash, Kind> of_contract_;
    std::map<Hash, Kind> of_credential_;
};

}  // namespace bh::evm
