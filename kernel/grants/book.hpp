// The book of granted VMs: those that an operator gives away without a purchase. It is to them what the contract is to
// purchases: who owns one, until when, whether it was delivered, ended, closed. The lifecycle reads it through a chain
// port (port.hpp), so a granted VM has the states, guards and jobs of every other, and none of its own.
//
// One file of one JSON object a line, append-only, each with the hash of the one before (README.md has the format). It
// is not in the journal: a lost journal is derived from it again, as from a chain.
//
// Thread-safe. A line is on disk (fdatasync) when a call returns; a call that fails wrote nothing, and what a crash
// left of a line is cut off at the next open.
#pragma once

#include "kernel/lifecycle/seams.hpp"
#include "plugin-api/documents/chain.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace bh::grants {

// The lifecycle's name for the book, beside the chain instances of kernel.yaml; no plugin instance may have it.
inline constexpr const char* kInstance = "granted";
// A grant without an end: 9999-12-31T23:59:59Z.
inline constexpr UnixTime kNever{253'402'300'799};
// Numbers are higher than any contract's will be, so that `subscription show` needs no chain to tell them apart.
inline constexpr std::uint64_t kFirstNumber = 1'000'000'001;
inline constexpr std::uint64_t kMaxDays = 3650;
inline constexpr std::uint64_t kWindowS = 86'400;  // in which it has to be delivered

struct Wish {
    std::string owner;       // wallet, 20 bytes in hex
    Bytes request;           // sealed to the server key (seal-1 or seal-2), for the book's chain and contract
    std::string resources;   // as of a plan (lifecycle/plan.hpp)
    std::uint64_t days = 0;  // from the delivery on; 0 = without end
    std::uint64_t grace_days = 7;
    std::string note;   // the operator's own, at most 200 bytes
    std::string nonce;  // of the command: the same one again is the same grant
};

struct Grant {
    std::string id, order, tx;  // tx: the line's hash
    Wish wish;
    UnixTime granted, window_ends, expires_at, grace_ends;  // the last two: 0 while not delivered
    bool delivered = false, declined = false, cancelled = false, closed = false, burned = false;
    std::string reason;  // why it was declined
    Bytes sealed;        // the connection details, for the owner
    [[nodiscard]] bool ended() const noexcept { return declined || burned; }
};

// One line.
struct Record {
    std::uint64_t height = 0;  // Unix seconds, higher than the line before: the book's block number and its clock
    std::string hash;          // "0x" and 64 hex digits
    std::string what, id;      // "granted", "delivered" ...; id "": the first line
    std::string op;            // op_id or nonce of what caused it
    std::string owner, reason, resources, note;
    Bytes request, sealed;
    std::uint64_t days = 0, grace_days = 0;
};

class Book {
public:
    // Opens or makes it. BH_E_CORRUPT names the first line that is not what was written; nothing is changed then.
    static Result<std::unique_ptr<Book>> open(const std::string& path, life::Clock& clock);
    ~Book();
    Book(const Book&) = delete;
    Book& operator=(const Book&) = delete;

    [[nodiscard]] const std::string& chain() const noexcept { return chain_; }        // "eip155:N", N from 2^52 on
    [[nodiscard]] const std::string& contract() const noexcept { return contract_; }  // an address that is nobody's

    // The operator's. BH_E_CONFLICT: this nonce was another wish's. BH_E_EXHAUSTED: `most` live grants are there.
    Result<Grant> grant(const Wish& wish, std::uint64_t most);
    // The VM shall be destroyed; one that is not delivered is given up. Again: done already.
    Result<Grant> end(const std::string& id, const std::string& nonce);
    // From the old end, or from now if that has passed; 0 days: without end.
    Result<Grant> extend(const std::string& id, std::uint64_t days, const std::string& nonce);
    [[nodiscard]] std::vector<Grant> list();
    [[nodiscard]] std::optional<Grant> find(const std::string& id);

    // The port's. A step of the lifecycle, once for each op_id: the same one again gives the same line. BH_E_CONFLICT
    // "reverted": not in this state.
    Result<Record> apply(const std::string& op_id, const Intent& intent);
    // Lines from number `from` on, and the block that is the newest. `seen`: the height that the reader knows already.
    struct Part {
        std::vector<Record> records;
        Block head;
    };
    Part read(std::size_t from, std::uint64_t seen);
    // Whether line `count` - 1 has this hash: the reader is on this book's branch.
    [[nodiscard]] bool agrees(std::size_t count, const std::string& hash);
    [[nodiscard]] Block first();
    // The state at a block, the newest when unknown. BH_E_UNAVAILABLE: there is no such block.
    struct At {
        std::optional<Grant> grant;
        Block block;
    };
    Result<At> at(const std::string& id, const Position& position);

private:
    Book(int fd, std::string path, life::Clock& clock);
    Status load();
    Status begin();
    Result<Record> append(nlohmann::json line);
    [[nodiscard]] std::uint64_t now_s();
    [[nodiscard]] std::uint64_t head_height();
    [[nodiscard]] Block block_at(std::uint64_t height) const;
    [[nodiscard]] std::optional<Grant> grant_at(const std::string& id, std::uint64_t height) const;
    [[nodiscard]] const Record* caused_by(const std::string& op) const;
    [[nodiscard]] std::uint64_t live();
    Result<Grant> need(const std::string& id);
    static Result<Record> parse(const std::string& line, const std::string& previous);

    std::mutex mutex_;
    int fd_ = -1;
    std::string path_, chain_, contract_;
    life::Clock& clock_;
    std::int64_t base_ms_ = 0;  // wall clock minus monotonic clock, when it was opened
    std::vector<Record> records_;
    std::uint64_t told_ = 0;  // the highest block that a reader has heard of: no line may come below it
    bool read_ = false;       // a reader has said what it knows
    bool broken_ = false;     // the file is not what memory says: only a restart helps
};

}  // namespace bh::grants
