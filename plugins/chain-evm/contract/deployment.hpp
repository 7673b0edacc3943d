// What an instance serves: a pair of contracts, with what they can do, say and are told. There is one implementation
// for each kind of contract; everything about chains, nodes and transactions is the same for all. Safe on any thread.
#pragma once

#include "plugins/chain-evm/contract/events.hpp"
#include "plugins/chain-evm/read/reader.hpp"

namespace bh::evm {

// Whom a transaction calls, and with what.
struct Target {
    Address to;
    Bytes data;
};

// What of an intent is on the chain already.
struct Effect {
    bool there = false;
    std::string tx;            // where it is known
    std::uint64_t height = 0;  // of that; 0 = not known
};

class Deployment {
public:
    virtual ~Deployment() = default;

    // Capabilities, seal formats and accounts other than the agent's.
    virtual void describe(ChainDescription& out) const = 0;

    // A log of one of the two contracts as an event, all but position, time, tx, log_index and ordinal.
    [[nodiscard]] virtual Result<ChainEvent> decode(const Log& log) const = 0;
    // What the log does not tell by itself. `event` has all the rest; `head` is where to ask when the state of its
    // block is gone.
    virtual Status complete(Node& node, ChainEvent& event, const Log& log, const At& head) = 0;

    virtual Result<SubscriptionState> subscription(Reader& reader, std::string_view id, const At& at) = 0;
    virtual Result<OwnerAnswer> owner_of(Reader& reader, std::string_view credential, const At& at) = 0;
    // Of the accounts that describe() names besides the agent.
    virtual Result<Balances> balances(Reader& reader, std::string_view account, const At& at) = 0;

    // BH_E_UNSUPPORTED: the contracts have no such call.
    virtual Result<Target> target(const Intent& intent) = 0;
    // Whether the contract itself refuses what it has done already. Where it does not, effect() at the head is asked
    // before a transaction is made.
    [[nodiscard]] virtual bool refuses_repeats() const = 0;
    // Is what the intent wants already so? BH_E_CONFLICT: it can't be told, so that nothing may be done.
    virtual Result<Effect> effect(Reader& reader, const Intent& intent, const At& at) = 0;
};

}  // namespace bh::evm
