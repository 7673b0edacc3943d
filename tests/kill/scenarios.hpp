// The scenarios of the kill matrix, made from the state table: for each transition one that reaches its state and lets
// its fact happen there.
#pragma once

#include "kernel/lifecycle/testing/driver.hpp"

namespace bh::life::testing {

std::vector<Script> kill_scenarios();

// Whole lives with an executor as the daemon's: jobs begin in the transaction that orders them.
std::vector<Script> pooled_scenarios();

}  // namespace bh::life::testing
