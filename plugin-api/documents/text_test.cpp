#include "plugin-api/documents/common.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;

TEST_CASE("bytes and hex are one-to-one") {
    CHECK(hex_from_bytes(Bytes{}) == "0x");
    CHECK(hex_from_bytes(Bytes{0, 0xab, 0x10}) == "0x00ab10");
    CHECK(*bytes_from_hex("0x00ab10") == Bytes{0, 0xab, 0x10});
    CHECK(bytes_from_hex("0x")->empty());
}

TEST_CASE("hex is strict") {
    for (const char* text : {"", "0", "00", "0x0", "0xAB", "0X00", "0xg0", " 0x00", "0x00 "}) {
        CAPTURE(text);
        CHECK_FALSE(bytes_from_hex(text));
    }
}

TEST_CASE("times are one-to-one") {
    CHECK(time_to_text({0}) == "1970-01-01T00:00:00Z");
    CHECK(time_to_text({1795560000}) == "2026-11-24T22:40:00Z");
    for (const std::int64_t seconds : {-62167219200, -1L, 0L, 951782400L, 1709164800L, 4102444799L, 253402300799L}) {
        CAPTURE(seconds);
        CHECK(time_from_text(time_to_text({seconds}))->seconds == seconds);
    }
}

TEST_CASE("a time beyond the year 9999 is shown as the last one there is") {
    CHECK(time_to_text({253402300800}) == "9999-12-31T23:59:59Z");
    CHECK(time_to_text({-62167219201}) == "0000-01-01T00:00:00Z");
}

TEST_CASE("times are strict") {
    for (const char* text :
         {"", "2026-11-24", "2026-11-24T22:40:00", "2026-11-24T22:40:00+00:00", "2026-11-24T22:40:00z",
          "2026-13-24T22:40:00Z", "2026-02-29T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T23:60:00Z",
          "2026-11-24T23:59:60Z", "2026-11-24 22:40:00Z", "2026-11-24T22:40:00.0Z", "-026-11-24T22:40:00Z",
          "2026-11-24T22:40:0 Z"}) {
        CAPTURE(text);
        CHECK_FALSE(time_from_text(text));
    }
}
