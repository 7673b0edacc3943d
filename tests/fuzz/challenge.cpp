// login-challenge-1: the text is canonical, so what parses is what its fields write.
#include "plugin-api/formats/login_challenge.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = bh::formats::parse_login_challenge(bh::fuzz::text(data, size));
    if (!parsed) return 0;
    const auto text = bh::formats::login_challenge_text(*parsed);
    bh::fuzz::must(text.ok() && *text == bh::fuzz::text(data, size), "a challenge has one text");
    return 0;
}
