// Names on which the launcher insists (docs/contracts.md section 4).
#pragma once

#include <string>
#include <string_view>

namespace bh::launch {

// [a-z0-9-]{1,64}: op_ids, instances.
bool is_plain_name(std::string_view text);

// Whether `unit` is the owner's: its op_id, or that and "-suffix" of [a-z0-9]{1,16}.
bool is_unit_of(std::string_view unit, std::string_view owner);

// The tap of a VM: "bh" and the first 12 characters of its op_id.
std::string tap_of(std::string_view owner);

}  // namespace bh::launch
