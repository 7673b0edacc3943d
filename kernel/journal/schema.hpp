// The journal's schema. migrations()[i] takes a database from version i to i + 1 (PRAGMA user_version); a released
// entry never changes, a change of the schema is a new entry.
#pragma once

#include <span>

namespace bh::life {

std::span<const char* const> migrations() noexcept;

}  // namespace bh::life
