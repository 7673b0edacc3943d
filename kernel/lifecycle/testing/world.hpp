// A small world for tests of the lifecycle: one chain with one contract, one hypervisor, one storage, one prefix, netd,
// signer and guests, all in plain memory without pointers. Placed in a shared mapping it outlives the process that runs
// the engine, so that a test can SIGKILL that process anywhere and look at what is left. One thread at a time.
//
// It is strict where the real parts are: a token is minted once, a second VM of one purchase, a volume deleted under a
// running VM or a paid VM stopped is written down as a violation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bh::life::testing {

template <std::size_t N>
struct Text {
    char data[N] = {};
    Text() = default;
    Text(std::string_view text) { *this = text; }  // NOLINT: implicit on purpose
    Text& operator=(std::string_view text) {
        std::memset(data, 0, N);
        std::memcpy(data, text.data(), std::min(text.size(), N - 1));
        return *this;
    }
    [[nodiscard]] std::string str() const { return data; }
    bool operator==(std::string_view text) const { return text == std::string_view{data}; }
    [[nodiscard]] bool empty() const { return data[0] == 0; }
};

inline constexpr std::size_t kMaxSubs = 4, kMaxBlocks = 900, kMaxEvents = 64, kMaxTxs = 48, kMaxObjects = 8,
                             kMaxAnchors = 64;

inline constexpr std::uint64_t kCapacity = 100;

struct Sub {
    bool exists = false, delivered = false, declined = false, refunded = false, cancelled = false, by_owner = false,
         closed = false, burned = false;
    Text<8> id;
    Text<32> order, tx, owner;
    std::int64_t bought = 0, window_ends = 0, expires = 0, grace_ends = 0;
    std::uint64_t paid_seconds = 0, amount = 0, credited = 0;
    std::uint32_t mints = 0, reseals = 0;
};

struct WorldEvent {
    Text<20> type;
    Text<8> sub;
    Text<32> tx, actor, owner, order;
    std::uint64_t height = 0, branch = 0;
    std::uint32_t log_index = 0;
    std::int64_t time = 0, expires = 0;
    std::uint64_t amount = 0, paid_seconds = 0, capacity = 0;
};

struct WorldBlock {
    std::uint64_t height = 0, branch = 0;
    std::int64_t time = 0;
    Sub subs[kMaxSubs];
    std::uint64_t paid_in = 0;           // all that ever came into the contract
    std::uint64_t capacity = kCapacity;  // of its plan; 0: nobody can buy
};

struct WorldTx {
    enum State : std::uint8_t { none, pending, mined, reverted } state = none;
    bool user = false, dropped_by_reorg = false, reported = false;
    Text<44> op_id;
    Text<16> action;
    Text<8> sub;
    Text<32> order, hash, who;
    std::int64_t deadline = 0, seconds = 0;
    std::uint64_t height = 0;
};

struct VmObject {
    bool exists = false, running = false;
    Text<44> op_id;
    Text<64> name;
    Text<48> address;
    Text<20> tap, mac;
    Text<80> chain, contract, subject, part, epoch;
    std::uint64_t spec = 0, statement = 0;
};
struct VolumeObject {
    bool exists = false;
    Text<44> op_id;
    Text<80> chain, contract, subject, part, epoch;
};
struct BindingObject {
    bool exists = false, blocked = false, broken = false;  // broken: a part of it is gone
    Text<44> owner;
    Text<48> address;
    Text<20> tap, mac;
};

struct AnchorObject {
    Text<36> journal;
    Text<68> hash;
    std::int64_t row = 0, time = 0;
};

// The next `count` calls of `verb` fail with `code`; `after`: their effect happened all the same (a lost answer).
struct Fault {
    Text<24> verb;
    std::int32_t code = 0;
    std::uint32_t count = 0;
    bool after = false;
};

struct World {
    std::int64_t now_ms = 1'800'000'000'000, booted_ms = 1'799'999'000'000;
    std::int64_t skew_ms = 0;  // of the host's wall clock; chain time and the monotonic clock have none
    std::uint32_t boot = 1, randoms = 0, txs_made = 0;

    WorldBlock blocks[kMaxBlocks];
    std::size_t height = 0;  // blocks[0 .. height]
    std::uint64_t branch = 1;
    struct Fork {
        std::uint64_t branch, kept;  // the branch that began above height `kept`
    } forks[16] = {};
    std::size_t fork_count = 0;
    WorldEvent events[kMaxEvents];
    std::size_t event_count = 0;
    WorldTx txs[kMaxTxs];

    VmObject vms[kMaxObjects];
    VolumeObject volumes[kMaxObjects];
    BindingObject bindings[kMaxObjects];
    bool delegated = false, imported = false, image_exists = true, request_opens = true, mining = true;
    bool poll_wakes = false;  // the chain's plugin says so of itself
    bool bare = false;        // its contract delivers, and can't decline, close or burn
    std::uint32_t polls = 0;
    Text<44> delegation_op;
    Text<32> delegation_epoch;
    std::uint32_t vms_made = 0, volumes_made = 0, vm_lists = 0, statements = 0, max_vms = 0;
    std::uint32_t pending_ms = 1000;  // after which a transaction that is not final yet wants to be asked for again

    AnchorObject anchors[kMaxAnchors];  // the signer's, oldest first
    std::size_t anchor_count = 0;

    Fault faults[8];
    Text<160> violation;  // the first one

    // For the driver of tests/kill: where the script is, what was passed, where to die.
    std::uint32_t script = 0, passed_count = 0;
    Text<80> passed[640];
    Text<80> die_at;
    std::uint32_t dead_at_step = 0;
    Text<200> complaint;
    bool finished = false;
    std::uint32_t full_commits = 0;  // so many commits fail from the next step on, as on a full disk
    std::uint64_t peak = 0;          // of height: a shorter branch may follow a longer one
    bool struck_deep = false;        // a reorganisation of the fault matrix went below what was final
    bool undone = false;             // a reorganisation took away what the script made: it is not played on
    std::uint32_t parked_count = 0;  // rollbacks below a final position that the journal has written down
    bool lost = false;               // the disk with the VMs and volumes died
    Text<240> outcome;               // of the whole play, to compare with another one's
};

// The chain.
void begin_world(World& w);  // genesis and some blocks
void mine_block(World& w);   // time = now; executes what is pending
// Transactions above `keep_height` are mined again, or (`drop`) were never sent.
void reorganise(World& w, std::uint64_t keep_height, bool drop);
// The same transactions in blocks of the same height and time, and one block more: another branch, the same story.
void reorganise_in_place(World& w, std::uint64_t keep_height);
std::uint64_t height_of(const World& w, std::string_view event_type);  // of the newest such event
void user(World& w, std::string_view action, std::string_view sub, std::int64_t seconds = 0, std::string_view who = "");
const Sub* find_sub(const WorldBlock& block, std::string_view id);
inline const WorldBlock& head(const World& w) { return w.blocks[w.height]; }
bool balances(const World& w);  // paid in = undelivered + delivered + credited

void add_fault(World& w, std::string_view verb, std::int32_t code, std::uint32_t count = 1, bool after = false);
void violated(World& w, const std::string& what);
void reboot(World& w);  // every process ended, taps and rules gone

std::uint32_t count_vms(const World& w);
std::uint32_t count_volumes(const World& w);
std::uint32_t count_bindings(const World& w);

inline constexpr std::int64_t kWindow = 120, kGrace = 20, kPaid = 40;

}  // namespace bh::life::testing
