// Documents of the kind `bh.chain/1`: schemas/chain/1/. Ids of subscriptions and plans are decimal strings,
// addresses are canonical strings of their chain, "token" is an address or "native".
#pragma once

#include "plugin-api/documents/common.hpp"

#include <map>

namespace bh {

// One way to the chain, such as a node's RPC endpoint, as its use so far has shown it.
struct ChainEndpoint {
    std::string name;       // what may be shown and logged: never a key
    std::string state;      // unknown, ok, behind, slow, resting (after errors), distrusted (it lied), wrong_chain
    bool votes = false;     // whether its word counts for which branch and which state is the chain's
    Position head;          // its newest block; unknown before the first answer
    std::uint64_t lag = 0;  // blocks below the head that is agreed on
    std::uint64_t answers = 0, errors = 0;
    std::uint32_t latency_ms = 0;  // of late
    std::string last_error;        // "" = none yet
    UnixTime last_error_at;
    UnixTime rests_until;  // not asked, or not believed, before this; 0 = now
    // What it was caught at: empty_answer, omitted_log, added_log, altered_log, delayed_log, forged_header,
    // other_branch, other_answer, went_back, wrong_chain.
    struct Caught {
        std::string what;
        std::uint64_t count = 0;
        UnixTime last_at;
        std::uint64_t height = 0;  // of the last one; 0 = about no block
        bool operator==(const Caught&) const = default;
    };
    std::vector<Caught> caught;
    // How it tells of new blocks without being asked, where it is to.
    struct Heads {
        std::string state;  // connecting, subscribed, silent (subscribed, but blocks came without a word), wrong_chain
        std::uint64_t told = 0;    // blocks, since the instance was made
        std::uint64_t height = 0;  // of the last one, as it says; 0 = none yet
        UnixTime last_at;
        std::uint64_t ends = 0;  // connections that ended
        std::string last_error;  // why the last one did; "" = none yet
        bool operator==(const Heads&) const = default;
    };
    std::optional<Heads> heads;
    bool operator==(const ChainEndpoint&) const = default;
};

// describe(): chain-description.json
struct ChainDescription {
    std::string chain;                      // CAIP-2, "eip155:31337"
    std::string contract;                   // canonical address of the subscription contract
    std::string credential;                 // canonical address of the credential contract
    std::vector<std::string> capabilities;  // of: deliver decline refund cancel close extend update burn set_capacity
                                            // credit_time withdraw release transfer. What is not here is not tried
    std::vector<std::string> signature_schemes;   // "eip191", ...
    std::vector<std::string> credential_kinds;    // "nft"
    std::vector<std::string> seal_formats;        // "seal-1", "seal-2"
    std::map<std::string, std::string> accounts;  // "agent", "escrow", "treasury" -> address, "" = the chain says
    std::uint32_t block_time_ms = 0;              // typical; 0 = unknown
    std::string coin_symbol;
    std::uint32_t coin_decimals = 18;
    std::uint32_t agree = 0;                    // endpoints that must agree where a read does not say; 0 = not told
    std::vector<ChainEndpoint> endpoints = {};  // as they are now; empty = not told
};
Result<ChainDescription> parse_chain_description(std::string_view json);
std::string to_json(const ChainDescription& description);

// One log of the chain, decoded. Which fields are set depends on `type`:
//   rollback              position = the last one still valid; nothing else
//   purchased             subscription plan actor(=buyer, the recipient) paid_seconds token amount order data(=sealed
//                         request)
//   delivered             subscription expires_at
//   extended              subscription expires_at actor(=payer) paid_seconds token amount
//   cancelled             subscription expires_at actor token amount(=what the owner got back)
//   time_credited         subscription expires_at
//   declined, refunded    subscription actor(=buyer) token amount(=what the buyer got back)
//   closed, burned, credential_updated   subscription
//   transferred           subscription actor(=from) owner(=to)
//   plan                  plan, plan_state (created or changed)
//   withdrawn             token amount actor(=treasury): earned money left the contract
//   claimed               token amount actor(=whose credit) owner(=who was paid): given back money left the contract
//   other                 name (anything else the contract logs: kept for the record, no action)
// With token and amount of each, all that ever came into the contract and left it is known to the smallest unit.
struct ChainEvent {
    std::string type;
    Position position;
    UnixTime time;                // of its block
    std::string tx;               // transaction hash
    std::uint32_t log_index = 0;  // in its block
    std::uint32_t ordinal =
        0;             // in its transaction: which log of this transaction, equal when re-mined in another block
    std::string name;  // the contract's own event name
    std::string subscription, plan, actor, owner, token, order;
    std::uint64_t paid_seconds = 0;
    Amount amount;
    UnixTime expires_at;
    Bytes data;

    struct PlanState {
        std::string
            resources;  // canonical JSON text: {"cpus":1,"disk_bytes":...,"memory_bytes":...,"image":"debian-12"}
        std::uint64_t delivery_window_s = 0, grace_s = 0;
        std::uint32_t setup_days = 0;
        bool active = false;
        std::uint64_t total = 0;  // capacity
        std::string agent;
        bool operator==(const PlanState&) const = default;
    };
    std::optional<PlanState> plan_state;
};
// One of them alone, as the kernel keeps it.
Result<ChainEvent> parse_chain_event(std::string_view json);
std::string to_json(const ChainEvent& event);

// poll(): chain-events.json
struct ChainEvents {
    std::vector<ChainEvent> events;  // oldest first
    Block head;
    std::optional<Block> safe, finalized;  // absent where the chain has no such notion
    // Blocks of the current branch that the plugin vouches for, ascending, ending with `head`; at most 512, and
    // reaching at least as far back as `final_depth` of the config where the chain is that long. The kernel takes
    // the position of its rule ("latest+N") from here.
    std::vector<Block> recent;
    std::string cursor;
    bool more = false;   // call again at once
    bool wakes = false;  // the plugin asks to be polled when there is more (blockhost/svc/wake.h): no hurry till then
};
Result<ChainEvents> parse_chain_events(std::string_view json);
std::string to_json(const ChainEvents& events);

// submit(): intent.json. `action` names which other fields are read.
struct Intent {
    std::string action;                      // deliver decline close update burn set_capacity credit_time withdraw
                                             // release
    std::string subscription;                // all but set_capacity, withdraw and release
    std::string order;                       // deliver, decline
    UnixTime deadline;                       // deliver: not mined after this (chain time)
    Bytes sealed;                            // deliver, update
    Bytes attestation_hash;                  // deliver
    std::string reason;                      // decline, at most 64 bytes
    std::string owner;                       // update; release: whose share of the revenue
    std::string plan;                        // set_capacity
    std::uint64_t total = 0;                 // set_capacity
    UnixTime from, until;                    // credit_time
    std::string token;                       // withdraw, release
    std::vector<std::string> subscriptions;  // withdraw
};
Result<Intent> parse_intent(std::string_view json);
std::string to_json(const Intent& intent);

// receipt.json: a transaction in a block at or below the final position that submit() was told.
struct Receipt {
    std::string tx;
    Position position;
    UnixTime time;
    Amount fee;
};
Result<Receipt> parse_receipt(std::string_view json);
std::string to_json(const Receipt& receipt);

// subscription-state.json: what the contract says at `position`.
struct SubscriptionState {
    bool exists = false;
    Position position;
    UnixTime time;                                            // of that block: the clock that expiry is measured with
    std::string subscription, plan, order, recipient, owner;  // owner: "" while not minted or burned
    std::uint64_t paid_seconds = 0;
    std::string token;
    Amount amount;
    UnixTime expires_at;   // paid until; 0 while not delivered
    UnixTime window_ends;  // end of the delivery window
    UnixTime grace_ends;   // 0 while not delivered
    bool delivered = false, declined = false, refunded = false, cancelled = false, cancelled_by_owner = false,
         closed = false, burned = false;
    Amount unsettled = {};           // what time has earned of it and a withdrawal that names it would move
    UnixTime creditable_from = {};   // credit_time: an outage counts from here on; 0 = not delivered
    std::uint64_t creditable_s = 0;  // credit_time: so many seconds may still be credited
};
Result<SubscriptionState> parse_subscription_state(std::string_view json);
std::string to_json(const SubscriptionState& state);

// owner.json
struct OwnerAnswer {
    bool exists = false;
    Position position;
    std::string owner;
    std::string user;  // a tenant with an end (ERC-4907), "" = none
};
Result<OwnerAnswer> parse_owner(std::string_view json);
std::string to_json(const OwnerAnswer& owner);

// balances.json
struct Balances {
    // Of the account `escrow`: whose the contract's money is. Without donations they add up to what it holds.
    struct Escrow {
        Amount undelivered,
            unearned;    // purchases without a VM yet; of the others what time has not earned or nobody settled
        Amount earned;   // settled, for `withdraw`
        Amount credits;  // given back, for buyers to claim
        bool operator==(const Escrow&) const = default;
    };
    // Of the account `treasury`, where a contract of its own splits the revenue: what one of its owners has and had.
    struct Share {
        std::string account;
        std::uint32_t basis_points = 0;
        Amount due, paid;
        bool operator==(const Share&) const = default;
    };
    struct Row {
        std::string token, symbol;
        std::uint32_t decimals = 0;
        Amount amount;
        std::optional<Escrow> escrow = {};
        std::vector<Share> shares = {};
    };
    Position position;
    std::vector<Row> balances;
    std::string account = {};  // whose they are, where a name was asked for
};
Result<Balances> parse_balances(std::string_view json);
std::string to_json(const Balances& balances);

// verification.json
struct Verification {
    bool valid = false;
    Position position;
};
Result<Verification> parse_verification(std::string_view json);
std::string to_json(const Verification& verification);

}  // namespace bh
