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

// Events at or below the position's height become final; `became` is told of each, oldest first. It may write what it
// likes but events. After an outage there are very many: none is kept.
void finalize_events(Tx& tx, const std::string& instance, std::uint64_t height,
                     const std::function<void(const EventSubject&)>& became);
// Events above the height never happened; those that changed are returned, oldest first, with their old status.
std::vector<EventRow> roll_back_events(Tx& tx, const std::string& instance, std::uint64_t height);
// The newest event of this type that was not rolled back and for which `is` answers true. Reads many: for rare use.
std::optional<EventRow> newest_event(Tx& tx, const std::string& instance, const std::string& type,
                                     const std::function<bool(const EventRow&)>& is);
std::vector<EventRow> events_of(Tx& tx, const std::string& instance, const std::string& subscription);
// Newest first, numbers below `before` (0 = all).
std::vector<EventRow> list_events(Tx& tx, std::int64_t before, std::uint32_t limit);

}  // namespace bh::life
