// Inside the folder: the reseal that follows a rebuild.
#pragma once

#include "kernel/journal/rows.hpp"
#include "kernel/reseal/reseals.hpp"

namespace bh::reseal {

inline constexpr const char* kRebuild = "rebuild:";  // begins the nonce of an order that no person gave
inline constexpr const char* kOldDetails = "old_details";

// Its VM is there for its owner, and the token is his.
constexpr bool has_owner(life::State state) noexcept {
    return state == life::State::active || state == life::State::suspending || state == life::State::suspended ||
           state == life::State::resuming;
}

void alarm_old_details(life::Tx& tx, const std::string& subscription, const std::string& why);

}  // namespace bh::reseal
