// The cursor of poll(): everything that it remembers between two calls. The kernel keeps it, in the same transaction as
// the events, so the plugin itself keeps nothing. Values; safe on any thread.
#pragma once

#include "plugins/chain-evm/rpc/node.hpp"

namespace bh::evm {

// A block that was once on our branch.
struct Mark {
    std::uint64_t height = 0;
    Hash hash;
    std::int64_t time = 0;

    bool operator==(const Mark&) const = default;
    static Mark of(const Header& header) { return {header.number, header.hash, header.time}; }
    [[nodiscard]] Block block() const { return {{hash.text(), height}, {time}}; }
};

struct Cursor {
    std::uint64_t chain_id = 0;
    Address contract;

    // The last block whose logs were all reported; none before the first.
    std::optional<Mark> scanned;
    // A later block of which only the first `reported` logs fitted into an answer.
    struct Part {
        Mark block;
        std::uint32_t reported = 0;
        bool operator==(const Part&) const = default;
    };
    std::optional<Part> part;

    // Blocks of the branch, ascending, the last is its head: all of the newest ones, then ever fewer.
    std::vector<Mark> branch;
    std::optional<Mark> safe, finalized;

    bool operator==(const Cursor&) const = default;
};

// "" is the cursor before the first call. BH_E_CORRUPT: not a cursor of ours, or of another chain or contract.
Result<Cursor> parse_cursor(std::string_view text, std::uint64_t chain_id, const Address& contract);
std::string cursor_text(const Cursor& cursor);

}  // namespace bh::evm
