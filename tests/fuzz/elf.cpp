// The reader of a plugin's file, before anything of it is loaded.
#include "plugin-api/host/elf.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto facts = bh::host::read_elf({data, size});
    if (!facts) bh::fuzz::must(!facts.failure().message.empty(), "a refusal says why");
    return 0;
}
