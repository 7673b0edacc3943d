#include "kernel/grants/port.hpp"

#include <charconv>

namespace bh::grants {
namespace {

constexpr std::uint32_t kPendingMs = 200;
constexpr std::uint32_t kBlockMs = 10'000;
constexpr std::uint64_t kDay = 86'400;

// "COUNT:HEIGHT:HASH": lines that were read, the highest block that was told, and the hash of the last of those lines.
struct Cursor {
    std::size_t count = 0;
    std::uint64_t height = 0;
    std::string hash;
};

Result<Cursor> parse_cursor(const std::string& text) {
    Cursor cursor;
    if (text.empty()) return cursor;
    const char* end = text.data() + text.size();
    const auto count = std::from_chars(text.data(), end, cursor.count);
    if (count.ec == std::errc{} && count.ptr != end && *count.ptr == ':') {
        const auto height = std::from_chars(count.ptr + 1, end, cursor.height);
        if (height.ec == std::errc{} && height.ptr != end && *height.ptr == ':') {
            cursor.hash.assign(height.ptr + 1, end);
            return cursor;
        }
    }
    return invalid("cursor", "the cursor is not one of the book of granted VMs");
}

std::string text_of(const Cursor& cursor) {
    return std::to_string(cursor.count) + ":" + std::to_string(cursor.height) + ":" + cursor.hash;
}

class BookChain final : public life::ChainPort {
public:
    explicit BookChain(Book& book) : book_{book} {}

    Status check() override { return {}; }

    Result<ChainDescription> describe() override {
        ChainDescription facts;
        facts.chain = book_.chain(), facts.contract = facts.credential = book_.contract();
        facts.capabilities = {"deliver", "decline", "cancel", "close", "extend", "update", "burn"};
        facts.signature_schemes = {"eip191"};
        facts.seal_formats = {"seal-1", "seal-2"};
        facts.block_time_ms = kBlockMs, facts.agree = 1;
        return facts;
    }

    Result<ChainEvents> poll(const life::Call&, const std::string& text, std::uint32_t max) override {
        auto cursor = parse_cursor(text);
        if (!cursor) return cursor.failure();
        ChainEvents events;
        if (!book_.agrees(cursor->count, cursor->hash)) {
            // An older copy of the book, or another one.
            ChainEvent back;
            back.type = "rollback", back.position = book_.first().position;
            events.events.push_back(std::move(back));
            cursor->count = 0;
        }
        auto part = book_.read(cursor->count, cursor->height);
        for (const Record& record : part.records) {
            if (events.events.size() + 2 > max && !events.events.empty()) {
                events.more = true;
                break;
            }
            add_events(events, record);
            ++cursor->count;
            cursor->hash = record.hash;
        }
        cursor->height = part.head.position.height;
        events.head = part.head;
        events.safe = events.finalized = part.head;
        events.recent = {part.head};
        events.cursor = text_of(*cursor);
        return events;
    }

    Result<Receipt> submit(const life::Call& call, const Intent& intent, const Position& final_at) override {
        const auto record = book_.apply(call.op_id, intent);
        if (!record) return record.failure();
        if (!final_at.known() || record->height > final_at.height) {
            return Failure{BH_PENDING, "not_polled_yet", "the line is written and has not been polled yet", kPendingMs};
        }
        return Receipt{record->hash, position_of(*record), time_of(*record), {}};
    }

    Result<OwnerAnswer> owner_of(const std::string& credential, const Position& at, std::uint32_t) override {
        const auto found = book_.at(credential, at);
        if (!found) return found.failure();
        OwnerAnswer answer;
        answer.position = found->block.position;
        answer.exists = found->grant && found->grant->delivered && !found->grant->burned;
        if (answer.exists) answer.owner = found->grant->wish.owner;
        return answer;
    }

    Result<SubscriptionState> subscription_state(const std::string& id, const Position& at, std::uint32_t) override {
        const auto found = book_.at(id, at);
        if (!found) return found.failure();
        SubscriptionState state;
        state.position = found->block.position, state.time = found->block.time, state.subscription = id;
        if (!found->grant) return state;
        const Grant& grant = *found->grant;
        state.exists = true;
        state.plan = grant.id, state.order = grant.order, state.recipient = grant.wish.owner, state.token = "native";
        state.paid_seconds = grant.wish.days * kDay;
        state.expires_at = grant.expires_at, state.window_ends = grant.window_ends, state.grace_ends = grant.grace_ends;
        state.delivered = grant.delivered, state.declined = grant.declined;
        state.cancelled = state.cancelled_by_owner = grant.cancelled;
        state.closed = grant.closed, state.burned = grant.burned;
        if (grant.delivered && !grant.burned) state.owner = grant.wish.owner;
        return state;
    }

    Result<Balances> balances(const std::string&, const Position&, std::uint32_t) override {
        return Failure{BH_E_UNSUPPORTED, "no_money", "granted VMs have no money", 0};
    }

private:
    static Position position_of(const Record& record) { return {record.hash, record.height}; }
    static UnixTime time_of(const Record& record) { return {static_cast<std::int64_t>(record.height)}; }

    void add_events(ChainEvents& events, const Record& record) {
        if (record.id.empty()) return;
        ChainEvent event;
        event.position = position_of(record), event.time = time_of(record);
        event.tx = record.hash, event.subscription = record.id, event.name = record.what;
        if (record.what == "granted") {
            ChainEvent plan = event;
            plan.type = "plan", plan.plan = record.id, plan.subscription.clear();
            ChainEvent::PlanState terms;
            terms.resources = record.resources, terms.total = 1;
            terms.delivery_window_s = kWindowS;
            terms.grace_s = record.grace_days * kDay;
            plan.plan_state = std::move(terms);
            events.events.push_back(std::move(plan));
            event.type = "purchased", event.plan = record.id, event.actor = record.owner, event.token = "native";
            event.paid_seconds = record.days * kDay, event.order = record.hash, event.data = record.request;
            event.log_index = event.ordinal = 1;
        } else {
            event.type = record.what == "resealed" ? "credential_updated" : record.what;
            const auto at = book_.at(record.id, position_of(record));
            if (at && at->grant) event.expires_at = at->grant->expires_at;
        }
        events.events.push_back(std::move(event));
    }

    Book& book_;
};

}  // namespace

std::unique_ptr<life::ChainPort> make_port(Book& book) { return std::make_unique<BookChain>(book); }

}  // namespace bh::grants
