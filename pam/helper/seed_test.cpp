#include "pam/helper/seed.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::guest;

namespace {

std::string put(std::string head, std::size_t at, std::string_view text) { return head.replace(at, text.size(), text); }

std::string iso(std::string_view label) {
    const std::string head = put(std::string(34 * 1024, '\0'), 32 * 1024 + 1, "CD001");
    return put(put(head, 32 * 1024 + 40, std::string(32, ' ')), 32 * 1024 + 40, label);
}

}  // namespace

TEST_CASE("an ISO 9660 volume with the label is the seed, in either case of letters") {
    CHECK(seed_kind(iso("cidata")) == SeedKind::kIso9660);
    CHECK(seed_kind(iso("CIDATA")) == SeedKind::kIso9660);
    CHECK(!seed_kind(iso("cidata2")));
    CHECK(!seed_kind(iso("")));
}

TEST_CASE("a FAT volume with the label is the seed") {
    const std::string boot = put(std::string(512, '\0'), 510, "\x55\xaa");
    CHECK(seed_kind(put(put(boot, 54, "FAT16   "), 43, "CIDATA     ")) == SeedKind::kFat);
    CHECK(seed_kind(put(put(boot, 82, "FAT32   "), 71, "cidata     ")) == SeedKind::kFat);
    CHECK(!seed_kind(put(put(boot, 54, "FAT16   "), 43, "NO NAME    ")));
    CHECK(!seed_kind(boot));
}

TEST_CASE("short or empty devices are no seed") {
    CHECK(!seed_kind(""));
    CHECK(!seed_kind(std::string(100, '\xff')));
}
