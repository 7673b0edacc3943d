// Finds the NoCloud seed: a block device with the label `cidata` (ISO 9660 or FAT). The one place here that mounts.
#pragma once

#include "pam/guest/first_boot.hpp"

#include <optional>

namespace bh::guest {

enum class SeedKind { kIso9660, kFat };

// What the first sectors say: is this a volume `cidata`, and of which kind? `head` is the device's first 34 KiB, or
// less.
std::optional<SeedKind> seed_kind(std::string_view head);

// BH_E_NOT_FOUND "no_seed" if no device has the label; "bad_first_boot" as first_boot.hpp.
Result<FirstBoot> read_seed(const std::string& mount_point);

}  // namespace bh::guest
