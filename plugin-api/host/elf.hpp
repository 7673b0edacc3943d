// Reads from an ELF shared object, without running any of it, what decides whether it may be loaded: its machine, the
// dynamic symbols it defines, and how it is bound.
//
// Only what the dynamic loader itself goes by is used: program headers, PT_DYNAMIC and the tables it points to. Section
// headers are never read: they can be absent (strip) or say anything. Every read is checked against the file's bounds.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bh::host {

struct ElfFacts {
    std::vector<std::string> exported;  // names of the defined symbols that others can bind to
    bool binds_now = false;
    bool never_unmapped = false;  // NODELETE
    bool relro = false;           // its relocations are read-only once it is loaded
    bool run_path = false;        // it says where to look for libraries
    bool text_relocations = false;
    bool executable_stack = false;  // asks for one, or does not say that it needs none
};

// Failures: BH_E_INVALID with the reason not_elf, wrong_machine, damaged_elf or crafted_elf.
Result<ElfFacts> read_elf(std::span<const std::uint8_t> file);

}  // namespace bh::host
