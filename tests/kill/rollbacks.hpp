// The scenarios of rollbacks below a final position, and of VMs that are lost and built again.
#pragma once

#include "tests/kill/ways.hpp"

namespace bh::life::testing {

// A life in which the delivery is taken back below what was final, until an operator accepts that.
Script deep_rollback();

// Ended; then what it ended by never happened: the burn, or the close, too.
Acts lose_end(bool close_too);

// The VM of a served subscription (active, or held) is lost and built again.
Acts rebuild_from(State from);

}  // namespace bh::life::testing
