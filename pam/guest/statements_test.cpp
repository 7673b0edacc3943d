#include "pam/guest/statements.hpp"

#include "pam/guest/sample_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>
#include <unistd.h>

using namespace bh::guest;
using sample::kExpires;
using sample::kIssued;

namespace {

std::string refusal(const Places& places, const bh::formats::OwnerStatement& statement) {
    const auto result = accept_statement(places, sample::first_boot(), sample::signed_text(statement));
    return result ? "accepted" : result.failure().reason;
}

}  // namespace

TEST_CASE("a statement of the host is stored for root only") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    CHECK(load_statement(places, sample::first_boot()).failure().code == BH_E_NOT_FOUND);
    CHECK(*accept_statement(places, sample::first_boot(), sample::signed_text(sample::statement(5))) == 5);
    CHECK(*load_statement(places, sample::first_boot()) == sample::statement(5));
    struct stat status{};
    REQUIRE(::stat(places.statement().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("a higher sequence number replaces, a lower or equal one never does") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    const auto send = [&](std::uint64_t sequence, const std::string& position) {
        auto statement = sample::statement(sequence);
        statement.position = position;
        return *accept_statement(places, sample::first_boot(), sample::signed_text(statement));
    };
    CHECK(send(5, "0xa") == 5);
    CHECK(send(6, "0xb") == 6);
    CHECK(send(5, "0xc") == 6);
    CHECK(send(6, "0xd") == 6);
    CHECK(load_statement(places, sample::first_boot())->position == "0xb");
}

TEST_CASE("a statement with another key, or for something else, is refused and nothing changes") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    REQUIRE(accept_statement(places, sample::first_boot(), sample::signed_text(sample::statement(5))));

    const std::string forged = *bh::formats::sign_owner_statement(sample::statement(9), sample::secret(77));
    CHECK(accept_statement(places, sample::first_boot(), forged).failure().reason == "bad_signature");
    CHECK(accept_statement(places, sample::first_boot(), "").failure().reason == "bad_statement");
    CHECK(accept_statement(places, sample::first_boot(), std::string(5000, 'x')).failure().reason == "bad_statement");
    auto other = sample::statement(9);
    other.chain = "eip155:1";
    CHECK(refusal(places, other) == "wrong_vm");
    other = sample::statement(9);
    other.contract = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
    CHECK(refusal(places, other) == "wrong_vm");
    other = sample::statement(9);
    other.token = "8";
    CHECK(refusal(places, other) == "wrong_vm");
    other = sample::statement(9);
    other.vm = "bh-8-000000";
    CHECK(refusal(places, other) == "wrong_vm");
    CHECK(load_statement(places, sample::first_boot())->sequence == 5);
}

TEST_CASE("a stored statement that was altered on disk counts for nothing, and the next one heals it") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    std::string text = sample::signed_text(sample::statement(5));
    text[text.find("token: 7") + 7] = '8';
    REQUIRE(replace_file(places.statement(), text, 0600));
    CHECK(load_statement(places, sample::first_boot()).failure().reason == "bad_signature");
    CHECK(*accept_statement(places, sample::first_boot(), sample::signed_text(sample::statement(3))) == 3);
}

TEST_CASE("where nothing can be stored, the host is told so") {
    const sample::Directory directory;
    const Places places = sample::places_in(directory);  // its directory was never made
    CHECK(refusal(places, sample::statement(5)) == "not_stored");
}

TEST_CASE("time never runs back for a statement, also not over a reboot") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    const auto statement = sample::statement(5);
    CHECK(latest_time(places, statement, kIssued - 1000) == kIssued);
    CHECK(latest_time(places, statement, kExpires + 500) == kExpires + 500);
    CHECK(latest_time(places, statement, kIssued + 10) == kExpires + 500);
    CHECK(latest_time(places, statement, kExpires + 501) == kExpires + 501);
}

TEST_CASE("a newer statement is a newer word about the time") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    CHECK(latest_time(places, sample::statement(5), kIssued + 1'000'000'000) == kIssued + 1'000'000'000);
    CHECK(latest_time(places, sample::statement(6), kIssued + 10) == kIssued + 10);
}

TEST_CASE("a damaged clock mark is no mark") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    for (const char* damaged : {"", "5", "5 x\n", "5 99999999999999999999\n", "x 5\n", "\n \n"}) {
        REQUIRE(replace_file(places.clock(), damaged, 0600));
        CHECK(latest_time(places, sample::statement(5), kIssued + 1) == kIssued + 1);
    }
}
