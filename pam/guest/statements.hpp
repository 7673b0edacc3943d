// The newest owner statement that the host sent, on disk, and how long it counts. Every call reads the disk anew:
// the PAM module and blockhost-guest are different processes.
//
// An older statement never replaces a newer one, and setting the clock back never makes one last longer: `clock` holds
// the latest time seen with this statement, and time is never taken to be before it.
#pragma once

#include "pam/guest/first_boot.hpp"
#include "pam/guest/places.hpp"
#include "plugin-api/formats/owner_statement.hpp"

#include <optional>

namespace bh::guest {

inline constexpr std::int64_t kDefaultGraceSeconds = std::int64_t{24} * 3600;

// BH_E_NOT_FOUND before first boot.
Result<FirstBoot> load_first_boot(const Places& places);

// Takes a statement from the host. -> the sequence number held afterwards, which is the higher one of the two.
// Reasons of guest-messages-1: bad_statement, bad_signature, wrong_vm, not_stored.
Result<std::uint64_t> accept_statement(const Places& places, const FirstBoot& anchors, std::string_view text);

// The stored one, verified again. BH_E_NOT_FOUND if there is none.
Result<formats::OwnerStatement> load_statement(const Places& places, const FirstBoot& anchors);

// What time it is at least: the latest of the system's clock, the statement's own issue and what was seen before.
// Remembers it.
std::int64_t latest_time(const Places& places, const formats::OwnerStatement& statement, std::int64_t system_now);

}  // namespace bh::guest
