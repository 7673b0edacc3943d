// Attempts at a verb that makes something, each in a process of its own that may be killed or cancelled in the middle.
#pragma once

#include "plugin-api/check/kinds.hpp"

namespace bh::check {

struct Attempt {
    bool died = false;  // killed where it was told to
    bh_status status = BH_OK;
    std::string text, said;
    int boundaries = 0;  // that it passed
    [[nodiscard]] bool ok() const { return !died && status == BH_OK; }
};

// Asks `verb` until it is no longer BH_PENDING. `number`: 1, 2 ... of the first ask. The backend is told to go on
// ({"do": "mine"}) while a chain waits.
Attempt attempt(Stage& stage, const JobVerb& verb, const std::string& op_id, std::uint32_t number,
                const std::string& argument, const Disturbance& disturbance = {});

// Everything that the lister lists, page after page.
std::vector<Thing> list_all(Stage& stage, const Maker& maker);

// The things that op_id made; throws when there are more than one.
std::optional<Thing> made_by(Stage& stage, const Maker& maker, const std::string& op_id);

}  // namespace bh::check
