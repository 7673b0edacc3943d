// op_id: the deterministic idempotency key of a step (plugin-api/formats/op-id-1.md). Pure.
#pragma once

#include "kernel/journal/vocabulary.hpp"

#include <string>

namespace bh::life {

struct OpSubject {
    std::string chain;     // CAIP-2, from describe(), never the instance's name
    std::string contract;  // canonical address
    std::string subject;   // "subscription:7", "plan:2", "host"
    std::string step;      // the step's own name, never the plugin's verb
    std::string part;      // "system", "data" or empty
    std::string epoch;     // the fact that caused it
};
std::string op_id(const OpSubject& of);

// The step's name in an op_id. Both creates are "build" (the volume has the part "system"); `restart` is "start" with
// the epoch of a boot.
std::string_view step_name(Step step) noexcept;
std::string_view part_of(Step step) noexcept;

}  // namespace bh::life
