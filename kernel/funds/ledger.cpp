#include "kernel/funds/ledger.hpp"

#include "kernel/journal/events.hpp"
#include "plugin-api/documents/chain.hpp"

#include <set>

namespace bh::funds {
namespace {

constexpr std::uint32_t kPage = 500;

Result<ChainEvent> event_of(const life::EventRow& row) {
    auto event = parse_chain_event(row.document);
    if (event) return event;
    return Failure{BH_E_CORRUPT, "bad_event", "event " + std::to_string(row.n) + " of the journal is no document", 0};
}

Entry entry_of(const life::EventRow& row, const ChainEvent& event) {
    Entry entry;
    entry.event = row.n, entry.instance = row.instance, entry.kind = row.type, entry.subscription = row.subscription;
    entry.token = event.token, entry.tx = row.tx, entry.position = row.position, entry.time = row.time;
    entry.final = row.status == life::EventState::final;
    entry.who = row.type == "claimed" && !event.owner.empty() ? event.owner : event.actor;
    if (row.type == "purchased" || row.type == "extended") entry.in = event.amount;
    if (row.type == "withdrawn" || row.type == "claimed") entry.out = event.amount;
    if (row.type == "declined" || row.type == "refunded" || row.type == "cancelled") entry.back = event.amount;
    return entry;
}

Result<std::vector<life::EventRow>> page_of(life::Journal& journal, std::int64_t after, std::uint32_t limit) {
    std::vector<life::EventRow> rows;
    const auto read = journal.read([&](life::Tx& tx) -> Status {
        rows = life::money_events(tx, after, limit);
        return {};
    });
    if (!read) return read.failure();
    return rows;
}

// The cursor's final block, or unknown.
Result<Block> final_of(life::Journal& journal, const std::string& instance) {
    std::optional<life::CursorRow> cursor;
    const auto read = journal.read([&](life::Tx& tx) -> Status {
        cursor = life::cursor_of(tx, instance);
        return {};
    });
    if (!read) return read.failure();
    if (cursor && cursor->final.position.known()) return cursor->final;
    return Failure{BH_E_UNAVAILABLE, "nothing_final", "no block of '" + instance + "' is final yet", 0};
}

// Adds up final events; a purchase may come behind what ended it, when a branch that was left came back.
class Bookkeeper {
public:
    void add(const Entry& entry) {
        Books& books = books_[entry.token];
        if (entry.kind == "delivered") {
            over_.insert(entry.subscription);
            return;
        }
        books.paid += entry.in;
        if (entry.kind == "purchased") open_[entry.subscription] = {entry.token, entry.in};
        if (entry.kind == "declined" || entry.kind == "refunded") over_.insert(entry.subscription);
        books.credits += entry.back;
        if (entry.kind == "withdrawn") books.withdrawn += entry.out;
        if (entry.kind == "claimed") {
            books.claimed += entry.out;
            books.credits -= entry.out;
        }
    }
    std::map<std::string, Books> finish() && {
        for (const auto& [subscription, paid] : open_) {
            if (!over_.contains(subscription)) books_[paid.first].undelivered += paid.second;
        }
        books_.erase("");  // of deliveries, which name no token
        return std::move(books_);
    }

private:
    std::map<std::string, Books> books_;
    std::map<std::string, std::pair<std::string, Sum>> open_;
    std::set<std::string> over_;  // delivered, declined or refunded
};

}  // namespace

Result<EntryPage> entries(life::Journal& journal, std::int64_t after, std::uint32_t limit) {
    const auto rows = page_of(journal, after, limit);
    if (!rows) return rows.failure();
    EntryPage page;
    for (const auto& row : *rows) {
        if (row.type == "delivered") continue;
        const auto event = event_of(row);
        if (!event) return event.failure();
        page.entries.push_back(entry_of(row, *event));
    }
    if (rows->size() == limit) page.next = rows->back().n;
    return page;
}

Result<BooksAt> books_at_final(life::Journal& journal, const std::string& instance) {
    const auto block = final_of(journal, instance);
    if (!block) return block.failure();
    Bookkeeper keeper;
    std::int64_t after = 0;
    for (;;) {
        const auto rows = page_of(journal, after, kPage);
        if (!rows) return rows.failure();
        for (const auto& row : *rows) {
            after = row.n;
            // Final now and above the block: it became final after we began.
            if (row.instance != instance || row.status != life::EventState::final ||
                row.position.height > block->position.height) {
                continue;
            }
            const auto event = event_of(row);
            if (!event) return event.failure();
            keeper.add(entry_of(row, *event));
        }
        if (rows->size() < kPage) break;
    }
    const auto now = final_of(journal, instance);
    if (!now || now->position.height < block->position.height) {
        return Failure{BH_E_UNAVAILABLE, "rolled_back", "'" + instance + "' was rolled back meanwhile: ask again", 0};
    }
    return BooksAt{*block, std::move(keeper).finish()};
}

}  // namespace bh::funds
