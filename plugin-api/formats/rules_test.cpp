#include "plugin-api/formats/rules.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace bh::formats;

TEST_CASE("decimals are strict") {
    CHECK(*parse_decimal("0") == 0);
    CHECK(*parse_decimal("18446744073709551615") == UINT64_MAX);
    CHECK_FALSE(parse_decimal("18446744073709551616"));
    CHECK_FALSE(parse_decimal("11", 10));
    for (const char* text : {"", "00", "01", "+1", "-1", " 1", "1 ", "0x1", "1e3"}) CHECK_FALSE(parse_decimal(text));
    CHECK(is_decimal(std::string(78, '9')));
    CHECK_FALSE(is_decimal(std::string(79, '9')));
}

TEST_CASE("chain names are eip155 and a number") {
    CHECK(*eip155_chain_id("eip155:31337") == 31337);
    for (const char* text : {"eip155:", "eip155:01", "eip155:x", "31337", "bip122:1", "eip155:18446744073709551616"}) {
        CHECK(eip155_chain_id(text).failure().reason == "bad_chain");
    }
}

TEST_CASE("names have their alphabets") {
    CHECK(is_vm_name("bh-7-a1b2c3"));
    CHECK_FALSE(is_vm_name(std::string(64, 'a')));
    CHECK_FALSE(is_vm_name("A"));
    CHECK(is_user_name("_user-1"));
    CHECK_FALSE(is_user_name("-user"));
    CHECK_FALSE(is_user_name(""));
    CHECK(is_key_fingerprint("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"));
    CHECK_FALSE(is_key_fingerprint("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF="));
    CHECK(is_word("a", 1));
    CHECK_FALSE(is_word("a b", 9));
    CHECK_FALSE(is_word("\x7f", 9));
}
