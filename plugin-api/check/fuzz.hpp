// Damaged documents for every verb that takes one.
#pragma once

#include "plugin-api/check/stage.hpp"

namespace bh::check {

// For `time`; the same seed makes the same documents. -> how many. Throws Wrong when an answer is a bug's.
std::size_t fuzz(Stage& stage, std::uint64_t seed, std::chrono::milliseconds time);

}  // namespace bh::check
