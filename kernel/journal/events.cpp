#include "kernel/journal/events.hpp"

#include "kernel/journal/database.hpp"

namespace bh::life {

std::optional<CursorRow> cursor_of(Tx& tx, const std::string& instance) {
    return select_one<CursorRow>(tx.db(), "chain_cursor", "WHERE instance = ?", instance);
}

void save_cursor(Tx& tx, const CursorRow& cursor) { insert(tx.db(), "INSERT OR REPLACE", "chain_cursor", cursor); }

std::vector<CursorRow> cursors(Tx& tx) { return select<CursorRow>(tx.db(), "chain_cursor", "ORDER BY instance"); }

namespace {

// Of table event_open: an event that is not final yet.
struct OpenEventRow {
    std::string instance;
    std::uint64_t height = 0;
    std::uint32_t log_index = 0;
    std::int64_t n = 0;
};
template <class V, class R>
void fields(V& v, R& r, const OpenEventRow*) {
    v("instance", r.instance), v("height", r.height), v("log_index", r.log_index), v("n", r.n);
}

void open_event(Tx& tx, const EventRow& event) {
    static const std::string text = insert_text<OpenEventRow>("INSERT", "event_open");
    insert_as(tx.db(), text, OpenEventRow{event.instance, event.position.height, event.log_index, event.n});
}

}  // namespace

bool add_event(Tx& tx, EventRow& event) {
    event.seen_ms = tx.now_ms();
    static const std::string text = insert_text<EventRow>("INSERT OR IGNORE", "event", "n");
    if (insert_as(tx.db(), text, event, "n") == 1) {
        event.n = tx.db().last_row();
    } else {
        const auto gone = select_one<EventRow>(
            tx.db(), "event_now",
            "WHERE instance = ? AND height = ? AND log_index = ? AND position_id = ? AND tx = ? AND "
            "status = 'rolled_back'",
            event.instance, event.position.height, event.log_index, event.position.id, event.tx);
        if (!gone) return false;
        event.n = gone->n;
        change(tx.db(), "UPDATE event SET status = 'seen' WHERE n = ?", event.n);
    }
    if (event.status == EventState::seen) open_event(tx, event);
    return true;
}

void finalize_events(Tx& tx, const std::string& instance, std::uint64_t height,
                     const std::function<void(const EventSubject&)>& became) {
    const std::size_t count =
        each<EventSubject>(tx.db(), "event_not_final", "WHERE instance = ? AND height <= ? ORDER BY height, log_index",
                           became, instance, height);
    if (count > 0) change(tx.db(), "DELETE FROM event_open WHERE instance = ? AND height <= ?", instance, height);
}

std::vector<EventRow> roll_back_events(Tx& tx, const std::string& instance, std::uint64_t height) {
    auto rows = select<EventRow>(
        tx.db(), "event_now",
        "WHERE instance = ? AND status <> 'rolled_back' AND height > ? ORDER BY height, log_index", instance, height);
    for (const auto& row : rows) change(tx.db(), "UPDATE event SET status = 'rolled_back' WHERE n = ?", row.n);
    change(tx.db(), "DELETE FROM event_open WHERE instance = ? AND height > ?", instance, height);
    return rows;
}

std::optional<EventRow> newest_event(Tx& tx, const std::string& instance, const std::string& type,
                                     const std::function<bool(const EventRow&)>& is) {
    for (auto& row : select<EventRow>(tx.db(), "event_now",
                                      "WHERE instance = ? AND type = ? AND status <> 'rolled_back' "
                                      "ORDER BY height DESC, log_index DESC",
                                      instance, type)) {
        if (is(row)) return std::move(row);
    }
    return std::nullopt;
}

std::vector<EventRow> events_of(Tx& tx, const std::string& instance, const std::string& subscription) {
    return select<EventRow>(tx.db(), "event_now", "WHERE instance = ? AND subscription = ? ORDER BY height, log_index",
                            instance, subscription);
}

std::vector<EventRow> list_events(Tx& tx, std::int64_t before, std::uint32_t limit) {
    if (before == 0) return select<EventRow>(tx.db(), "event_now", "ORDER BY n DESC LIMIT ?", limit);
    return select<EventRow>(tx.db(), "event_now", "WHERE n < ? ORDER BY n DESC LIMIT ?", before, limit);
}

}  // namespace bh::life
