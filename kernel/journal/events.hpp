// Queries: chain cursors and events. Inside a transaction only.
#pragma once

#include "kernel/journal/journal.hpp"

namespace bh::life {

std::optional<CursorRow> cursor_of(Tx& tx, const std::string& instance);
void save_cursor(Tx& tx, const CursorRow& cursor);
std::vector<CursorRow> cursors(Tx& tx);

// False: it is there already. One that was rolled back and is reported at the same position again is `seen` again.
bool add_event(Tx& tx, EventRow& event);
// Which event it is and whom it concerns.
struct EventSubject {
    std::string type, tx;
    std::uint32_t ordinal = 0;
    std::string subscription;
};
template <class V, class R>
void fields(V& v, R& r, const EventSubject*) {
    v("type", r.type), v("tx", r.tx), v("ordinal", r.ordinal), v("subscription", r.subscription);
}

// Tells of each event between these heights, both included, that was not rolled back and not final when it came, oldest
// first. `told` may write what it likes but events. After an outage there are very many: none is kept.
void events_between(Tx& tx, const std::string& instance, std::uint64_t from, std::uint64_t to,
                    const std::function<void(const EventSubject&)>& told);
// Events above the height never happened; those that changed are returned, oldest first, with their old status.
std::vector<EventRow> roll_back_events(Tx& tx, const std::string& instance, std::uint64_t height);
// The newest event of this type that was not rolled back and for which `is` answers true. Reads many: for rare use.
std::optional<EventRow> newest_event(Tx& tx, const std::string& instance, const std::string& type,
                                     const std::function<bool(const EventRow&)>& is);
// Events after number `after` up to number `to` are found by their subscriptions from now on; before, events_of() walks
// through them. Many at once cost far less than one by one.
void list_subjects(Tx& tx, const std::string& instance, std::int64_t after, std::int64_t to);
std::vector<EventRow> events_of(Tx& tx, const std::string& instance, const std::string& subscription);
// Newest first, numbers below `before` (0 = all).
std::vector<EventRow> list_events(Tx& tx, std::int64_t before, std::uint32_t limit);

}  // namespace bh::life
