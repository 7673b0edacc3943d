// owner-statement-1: the text is canonical, so what parses is what its fields write.
#include "plugin-api/formats/owner_statement.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = bh::formats::parse_owner_statement(bh::fuzz::text(data, size));
    if (!parsed) return 0;
    const auto body = bh::formats::owner_statement_body(parsed->fields);
    bh::fuzz::must(body.ok() && *body == parsed->body, "the fields write the body that was read");
    bh::fuzz::must(bh::formats::owner_statement_text(*body, parsed->signature) == bh::fuzz::text(data, size),
                   "a statement has one text");
    return 0;
}
