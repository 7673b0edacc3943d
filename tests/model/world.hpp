// The explorer's world as plain values: a chain with the contract's calls of MONEY-PATH.md section 1, a mempool, the
// agent's account, a hypervisor, a storage, netd and a guest. A copy is a snapshot. One block a second of chain time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace bh::life::model {

inline constexpr std::uint32_t kFinalDepth = 2;  // N of latest+N
inline constexpr std::size_t kRecent = 8;        // blocks whose state can still be read
inline constexpr std::size_t kIds = 2;           // subscriptions of the contract
inline constexpr std::int64_t kWindow = 40, kPaid = 6, kGrace = 3, kExtension = 5;
inline constexpr std::uint64_t kPrice = 1003;  // of a purchase; no multiple of its days, so that rounding shows
inline constexpr std::int64_t kGenesis = 1'800'000'000;

enum class Act : std::uint8_t {
    none,
    purchase,
    deliver,
    decline,
    refund,
    extend,
    cancel,
    operator_cancel,
    transfer,
    close,
    burn,
    credit_time,
    withdraw,
    claim,
};
std::string to_text(Act act);

// One subscription in the contract.
struct Order {
    bool exists = false, delivered = false, declined = false, refunded = false, cancelled = false, by_owner = false,
         closed = false, burned = false;
    std::uint32_t purchase = 0;  // number of the purchase: its transaction, and its order hash
    std::uint8_t buyer = 0, owner = 0;
    std::int64_t bought = 0, window_ends = 0, expires = 0, grace_ends = 0;
    // Undelivered: all of it. Delivered: the line from start to expires; `settled` of it is earned already.
    std::uint64_t amount = 0, settled = 0;
    std::int64_t line_start = 0;
    std::uint32_t sealed_for = 0;  // the purchase that the minted credential was made for
    std::uint32_t mints = 0;
    [[nodiscard]] bool open() const { return exists && !delivered && !declined && !refunded; }
    [[nodiscard]] bool paid(std::int64_t now) const {
        return delivered && !closed && !burned && !(cancelled && by_owner) && expires > now;
    }
};

struct Contract {
    std::array<Order, kIds> orders;
    std::uint64_t paid_in = 0, earned = 0, withdrawn = 0, claimed = 0;
    std::array<std::uint64_t, 3> credits{};
    std::uint32_t agent_nonce = 0;
    [[nodiscard]] std::uint64_t held() const;  // all that the contract owes to somebody
};

struct ChainBlock {
    std::uint32_t height = 0, branch = 1;
    std::int64_t time = kGenesis;
    Contract contract;
};

struct Log {
    Act act = Act::none;
    std::uint8_t id = 0, owner = 0;
    std::uint32_t tx = 0, purchase = 0, height = 0, branch = 0, index = 0;
    std::int64_t time = 0, expires = 0;
};

struct Tx {
    enum class State : std::uint8_t { pending, mined, reverted, dropped } state = State::pending;
    Act act = Act::none;
    std::uint8_t id = 0, who = 0;
    bool agent = false, reported = false;
    std::uint32_t number = 0, order = 0, nonce = 0, height = 0, sealed_for = 0;
    std::int64_t deadline = 0;
    std::string op_id;
};

struct VmObject {
    std::string op_id, subject, epoch, name, address, tap, mac;
    std::uint32_t purchase = 0;
    std::uint8_t id = 0;
    std::uint64_t spec = 0, statement = 0;
    bool running = false;
};
struct VolumeObject {
    std::string op_id, subject, epoch;
    std::uint32_t purchase = 0;
    std::uint8_t id = 0;
};
struct Binding {
    std::string owner, address, tap, mac;
    bool blocked = false;
};
// A create whose answer was lost before it had happened: it happens later, unless its key is taken by then.
struct LateCreate {
    std::int64_t at_ms = 0;
    bool is_vm = false;
    VmObject vm;
    VolumeObject volume;
};

// Rules that a plugin or the contract must keep, switched off by a mutant of the world.
struct BrokenRules {
    bool create_without_look = false;     // a create makes a new object whatever is there
    bool second_nonce = false;            // a submit that waits sends another transaction with a new nonce
    bool contract_ignores_order = false;  // deliver and decline succeed for any order of the id
};

struct World {
    // Three clocks: the host's wall clock, its monotonic one, and the chain's (in its blocks).
    std::int64_t wall_ms = kGenesis * 1000, monotonic_ms = 1000;
    std::uint32_t boot = 1, randoms = 0;

    std::vector<ChainBlock> blocks{ChainBlock{}};  // the newest kRecent
    std::uint32_t branch = 1;
    struct Fork {
        std::uint32_t branch, kept;
    };
    std::vector<Fork> forks;
    std::vector<Log> logs;
    std::vector<Tx> txs;
    std::uint32_t txs_made = 0, purchases = 0;

    std::vector<VmObject> vms;
    std::vector<VolumeObject> volumes;
    std::vector<Binding> bindings;
    std::vector<LateCreate> late;
    std::string delegation_op, delegation_epoch;
    bool request_opens = true;
    std::uint8_t lie = 0;  // a What: what the chain's endpoints say of every order
    std::int64_t lie_until_ms = 0;

    // The buyers: what they will still do, by block height; and for how long nothing has changed.
    std::uint32_t script = 0, quiet = 0, parked_for = 0;
    std::uint32_t busy = 0;  // steps since the last block
    bool restored = false;   // the journal was replaced by an older one
    BrokenRules broken;
    std::string violation;  // the first one

    [[nodiscard]] const ChainBlock& head() const { return blocks.back(); }
    [[nodiscard]] const ChainBlock* at_height(std::uint32_t height) const;
};

void violated(World& w, const std::string& what);
Tx& send(World& w, Act act, std::uint8_t id, std::uint8_t who);
bool would_succeed(const World& w, Act act, std::uint8_t id, std::uint8_t who);
void mine(World& w);  // one block with everything pending, a second after the last
// The newest `depth` blocks are replaced by as many and one more. `again`: their transactions are mined again in the
// first of them, in the opposite order; else they and the mempool are gone.
void reorganise(World& w, std::uint32_t depth, bool again);
void let_late_creates_happen(World& w);

}  // namespace bh::life::model
