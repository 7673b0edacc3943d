// read_elf() in a short-lived child with little memory and time: whatever a crafted file does to the reader, it does
// not do it to this process.
#pragma once

#include "plugin-api/host/elf.hpp"

#include <chrono>

namespace bh::host {

Result<ElfFacts> inspect_elf(std::span<const std::uint8_t> file,
                             std::chrono::milliseconds patience = std::chrono::seconds{10});

}  // namespace bh::host
