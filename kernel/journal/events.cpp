#include "kernel/journal/events.hpp"

#include "kernel/journal/database.hpp"

namespace bh::life {

std::optional<CursorRow> cursor_of(Tx& tx, const std::string& instance) {
    return select_one<CursorRow>(tx.db(), "chain_cursor", "WHERE instance = ?", instance);
}

void save_cursor(Tx& tx, const CursorRow& cursor) { insert(tx.db(), "INSERT OR REPLACE", "chain_cursor", cursor); }

std::vector<CursorRow> cursors(Tx& tx) { return select<CursorRow>(tx.db(), "chain_cursor", "ORDER BY instance"); }

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
    return true;
}

void events_between(Tx& tx, const std::string& instance, std::uint64_t from, std::uint64_t to,
                    const std::function<void(const EventSubject&)>& told) {
    each<EventSubject>(
        tx.db(), "event",
        "WHERE instance = ? AND height >= ? AND height <= ? AND status = 'seen' ORDER BY height, log_index", told,
        instance, from, to);
}

std::vector<EventRow> roll_back_events(Tx& tx, const std::string& instance, std::uint64_t height) {
    auto rows = select<EventRow>(
        tx.db(), "event_now",
        "WHERE instance = ? AND status <> 'rolled_back' AND height > ? ORDER BY height, log_index", instance, height);
    for (const auto& row : rows) change(tx.db(), "UPDATE event SET status = 'rolled_back' WHERE n = ?", row.n);
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

void list_subjects(Tx& tx, const std::string& instance, std::int64_t after, std::int64_t to) {
    // Sorted: each page of the list is written once.
    change(tx.db(),
           "INSERT OR IGNORE INTO event_subject(instance, subscription, n) SELECT instance, subscription, n FROM event "
           "WHERE n > ? AND n <= ? AND +instance = ? AND subscription <> '' ORDER BY subscription, n",
           after, to, instance);
}

std::vector<EventRow> events_of(Tx& tx, const std::string& instance, const std::string& subscription) {
    // +: by number, and not in the order of an index that holds every other subscription's events, too.
    return select<EventRow>(
        tx.db(), "event_now",
        "WHERE n IN (SELECT n FROM event_subject WHERE instance = ?1 AND subscription = ?2 UNION ALL "
        "SELECT n FROM event WHERE n > coalesce((SELECT listed_event FROM chain_cursor WHERE "
        "instance = ?1), 0) AND +instance = ?1 AND subscription = ?2) ORDER BY +height, +log_index",
        instance, subscription);
}

std::vector<EventRow> list_events(Tx& tx, std::int64_t before, std::uint32_t limit) {
    if (before == 0) return select<EventRow>(tx.db(), "event_now", "ORDER BY n DESC LIMIT ?", limit);
    return select<EventRow>(tx.db(), "event_now", "WHERE n < ? ORDER BY n DESC LIMIT ?", before, limit);
}

}  // namespace bh::life
