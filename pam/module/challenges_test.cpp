#include "pam/module/challenges.hpp"

#include "pam/guest/sample_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::guest;

namespace {

bh::crypto::Hash256 digest(std::uint8_t number) { return bh::crypto::sha256(std::vector<std::uint8_t>{number}); }
bh::crypto::Address owner() { return bh::crypto::Address::of(*bh::crypto::PublicKey::of(sample::owner_key())); }

}  // namespace

TEST_CASE("a text is used once") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    Challenges challenges{places};
    REQUIRE(challenges.remember(digest(1)));
    CHECK(*challenges.use(digest(1)));
    CHECK(!*challenges.use(digest(1)));
}

TEST_CASE("a signature over a text shown before is found, and whether that one was used") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    Challenges challenges{places};
    REQUIRE(challenges.remember(digest(1)));
    REQUIRE(challenges.remember(digest(2)));
    REQUIRE(challenges.use(digest(2)));
    const auto find = [&](std::uint8_t number) {
        return *challenges.find(*bh::crypto::sign(sample::owner_key(), digest(number)), owner());
    };
    CHECK(find(1) == Shown::kUnused);
    CHECK(find(2) == Shown::kUsed);
    CHECK(!find(3));
    CHECK(!*challenges.find(*bh::crypto::sign(sample::other_key(), digest(1)), owner()));
}

TEST_CASE("a flood of texts keeps nobody out and stays bounded") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    Challenges challenges{places};
    REQUIRE(challenges.remember(digest(1)));
    for (int i = 0; i < 2 * static_cast<int>(kRememberedChallenges); ++i) {
        REQUIRE(challenges.remember(digest(static_cast<std::uint8_t>(2 + i % 250))));
    }
    CHECK(std::filesystem::file_size(places.challenges()) == 66 * kRememberedChallenges);
    CHECK(*challenges.use(digest(1)));
    CHECK(!*challenges.use(digest(1)));
}
