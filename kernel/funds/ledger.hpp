// What moved through the subscription contract, from the chain events in the journal: each payment in, each credit,
// each payment out, to the smallest unit. And what must be in the contract by these books, which the chain is held
// against.
#pragma once

#include "kernel/funds/sum.hpp"
#include "kernel/journal/funds.hpp"

#include <map>

namespace bh::funds {

// One event. `in` and `out`: of the contract. `back`: of what is in it, what became a buyer's to claim.
struct Entry {
    std::int64_t event = 0;
    std::string instance, kind, subscription, token, who, tx;
    Position position;
    UnixTime time;
    bool final = false;
    Amount in, out, back;
};

struct EntryPage {
    std::vector<Entry> entries;  // in the order in which they were journalled
    std::int64_t next = 0;       // `after` of the next page; 0 = that was the last
};
// BH_E_CORRUPT: an event in the journal is no document.
Result<EntryPage> entries(life::Journal& journal, std::int64_t after, std::uint32_t limit);

// The books of one token.
struct Books {
    Sum paid, withdrawn, claimed;
    Sum undelivered;  // of purchases that are neither delivered nor given back
    Sum credits;      // given back and not claimed
    // What is left: unearned, and earned and not withdrawn.
    [[nodiscard]] Sum line() const { return paid - withdrawn - claimed - undelivered - credits; }
};

struct BooksAt {
    Block block;                         // the newest final one: the books are of all events up to it and no other
    std::map<std::string, Books> books;  // by token
};
// BH_E_UNAVAILABLE: nothing is final yet, or the chain was rolled back meanwhile.
Result<BooksAt> books_at_final(life::Journal& journal, const std::string& instance);

}  // namespace bh::funds
