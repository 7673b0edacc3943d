// guest-messages-1: what a guest, which may be hostile, answers to the kernel.
#include "kernel/plugins/guest_messages.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = bh::fuzz::text(data, size);
    const auto hello = bh::plugins::parse_hello_answer(input);
    if (!hello) bh::fuzz::must(!hello.failure().message.empty(), "a refusal says why");
    const auto statement = bh::plugins::parse_statement_answer(input);
    if (!statement) bh::fuzz::must(!statement.failure().message.empty(), "a refusal says why");
    return 0;
}
