#include "pam/module/login.hpp"

#include "pam/guest/sample_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::guest;
using sample::kExpires;
using sample::kIssued;

namespace {

constexpr std::int64_t kNow = kIssued + 60;
constexpr const char* kClient = "2001:db8:b10c::99";

struct Vm {
    Vm() : places{sample::booted(directory)} {
        REQUIRE(accept_statement(places, sample::first_boot(), sample::signed_text(sample::statement())));
    }
    Login begin(std::int64_t now = kNow) const {
        auto login = Login::begin(places, "user", kClient, now, kDefaultGraceSeconds);
        REQUIRE(login);
        return *std::move(login);
    }
    std::string refusal(std::int64_t now, std::string_view user = "user") const {
        const auto login = Login::begin(places, user, kClient, now, kDefaultGraceSeconds);
        return login ? "begun" : login.failure().reason;
    }
    sample::Directory directory;
    Places places;
};

std::string by_owner(const std::string& text) { return sample::wallet_signature(sample::owner_key(), text); }

void refuses(const bh::Status& verdict, std::string_view reason, const std::string& sentence) {
    REQUIRE(!verdict);
    INFO(verdict.failure().message);
    CHECK(verdict.failure().reason == reason);
    CHECK(verdict.failure().message.find(sentence) != std::string::npos);
}

}  // namespace

TEST_CASE("the text says who, where, from where, and until when") {
    const Vm vm;
    Login login = vm.begin();
    const auto challenge = bh::formats::parse_login_challenge(*login.new_challenge(kNow));
    REQUIRE(challenge);
    CHECK(challenge->vm == "bh-7-3fa91c");
    CHECK(challenge->address.text() == sample::address_of(sample::owner_key()));
    CHECK(challenge->user == "user");
    CHECK(challenge->chain_id == 31337);
    CHECK(challenge->client == kClient);
    CHECK(challenge->host_key.starts_with("SHA256:"));
    CHECK(challenge->issued == kNow);
    CHECK(challenge->expires == kNow + 300);
    CHECK(*login.new_challenge(kNow) != *login.new_challenge(kNow));
}

TEST_CASE("the owner's signature logs in, in each form that wallets give it") {
    const Vm vm;
    Login login = vm.begin();
    const std::string full = by_owner(*login.new_challenge(kNow));
    CHECK(login.judge(full, kNow).ok());
    CHECK(login.judge(by_owner(*login.new_challenge(kNow)).substr(2), kNow).ok());
    CHECK(login.judge("  " + by_owner(*login.new_challenge(kNow)) + "\r\n", kNow).ok());
    bh::Bytes compact = *bh::crypto::parse_hex(by_owner(*login.new_challenge(kNow)));  // EIP-2098
    if (compact.back() == 28) compact[32] |= 0x80;
    compact.pop_back();
    CHECK(login.judge(bh::crypto::hex(compact), kNow).ok());
}

TEST_CASE("who rents the login signs instead of the owner") {
    const Vm vm;
    auto statement = sample::statement(9);
    statement.user = sample::address_of(sample::other_key());
    REQUIRE(accept_statement(vm.places, sample::first_boot(), sample::signed_text(statement)));
    Login login = vm.begin();
    CHECK(login.judge(sample::wallet_signature(sample::other_key(), *login.new_challenge(kNow)), kNow).ok());
    refuses(login.judge(by_owner(*login.new_challenge(kNow)), kNow), "wrong_signature", statement.user);
}

TEST_CASE("another wallet's signature is refused with both accounts named") {
    const Vm vm;
    Login login = vm.begin();
    const std::string text = *login.new_challenge(kNow);
    refuses(login.judge(sample::wallet_signature(sample::other_key(), text), kNow), "wrong_signature",
            "by " + sample::address_of(sample::other_key()) + "; the one asked for is " +
                sample::address_of(sample::owner_key()) + ". If the first is a wallet of yours, sign with the second.");
}

TEST_CASE("a signature over another VM's text is refused with an account that nobody knows, and what that means") {
    const Vm vm;
    Login login = vm.begin();
    const std::string text = *login.new_challenge(kNow);
    // A real one: nothing of it is this VM's.
    auto other = *bh::formats::parse_login_challenge(text);
    other.vm = "bh-8-000000";
    other.nonce.fill(7);
    const std::string signature = by_owner(*bh::formats::login_challenge_text(other));
    const auto nobody =
        bh::crypto::recover_address(*bh::crypto::parse_hex(signature), bh::formats::login_challenge_digest(text));
    REQUIRE(nobody);
    CHECK(nobody->text() != sample::address_of(sample::owner_key()));
    const auto verdict = login.judge(signature, kNow);
    refuses(verdict, "wrong_signature", "by " + nobody->text() + ";");
    refuses(verdict, "wrong_signature",
            "If you do not know the first, it is over another text, such as the one of another VM");
    refuses(verdict, "wrong_signature", "begins with bh-7-3fa91c");
}

TEST_CASE("a signature that no account can have made over this text is refused as one of another text") {
    const Vm vm;
    Login login = vm.begin();
    REQUIRE(login.new_challenge(kNow));
    // 5 is no x coordinate of a point of secp256k1.
    const std::string none = "0x" + std::string(63, '0') + "5" + std::string(63, '0') + "1" + "1b";
    refuses(login.judge(none, kNow), "wrong_signature", "not over this text: it is over another text");
}

TEST_CASE("a signature for an older text is told from a foreign one") {
    const Vm vm;
    Login login = vm.begin();
    const std::string old = by_owner(*login.new_challenge(kNow));
    REQUIRE(login.new_challenge(kNow));
    refuses(login.judge(old, kNow), "old", "older text");
}

TEST_CASE("a signature counts once, also for another connection") {
    const Vm vm;
    Login first = vm.begin();
    const std::string signature = by_owner(*first.new_challenge(kNow));
    REQUIRE(first.judge(signature, kNow));
    refuses(first.judge(signature, kNow), "old", "no text");
    Login second = vm.begin();
    REQUIRE(second.new_challenge(kNow));
    refuses(second.judge(signature, kNow), "replayed", "logged in once already");
}

TEST_CASE("a text counts for one answer: after a wrong one the right one is too late") {
    const Vm vm;
    Login login = vm.begin();
    const std::string text = *login.new_challenge(kNow);
    CHECK(!login.judge("nonsense", kNow));
    refuses(login.judge(by_owner(text), kNow), "old", "no text");
}

TEST_CASE("a text ends after five minutes") {
    const Vm vm;
    Login login = vm.begin();
    CHECK(login.judge(by_owner(*login.new_challenge(kNow)), kNow + 300).ok());
    refuses(login.judge(by_owner(*login.new_challenge(kNow)), kNow + 301), "expired", "counted until 20");
}

TEST_CASE("what is not a signature is refused with what is wrong with it") {
    const Vm vm;
    Login login = vm.begin();
    const auto judge = [&](const std::string& answer) {
        REQUIRE(login.new_challenge(kNow));
        return login.judge(answer, kNow);
    };
    refuses(judge(""), "empty", "Nothing was pasted");
    refuses(judge(" \n"), "empty", "Nothing was pasted");
    refuses(judge(std::string(10'000, 'a')), "too_long", "10000 characters");
    refuses(judge("hello"), "not_hex", "0x and 130 hex digits");
    refuses(judge("0xabcd"), "bad_signature", "2 bytes");
    refuses(judge("0x" + std::string(128, '1') + "05"), "bad_signature", "65 (or 64)");
    const std::string text = *login.new_challenge(kNow);
    refuses(login.judge(sample::high_s_form(by_owner(text)), kNow), "high_s", "high s");
}

TEST_CASE("before the first statement nobody gets in") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    const auto login = Login::begin(places, "user", kClient, kNow, kDefaultGraceSeconds);
    REQUIRE(!login);
    CHECK(login.failure().reason == "no_statement");
    CHECK(Login::begin(sample::places_in(sample::Directory{}), "user", kClient, kNow, 0).failure().reason ==
          "no_first_boot");
}

TEST_CASE("a statement counts until its expiry and a grace, also when the clock is set back") {
    const Vm vm;
    CHECK(vm.refusal(kExpires + kDefaultGraceSeconds) == "begun");
    CHECK(vm.refusal(kExpires + kDefaultGraceSeconds + 61) == "statement_expired");
    CHECK(vm.refusal(kNow) == "statement_expired");  // the clock was set back
    REQUIRE(accept_statement(vm.places, sample::first_boot(), sample::signed_text(sample::statement(6))));
    CHECK(vm.refusal(kNow) == "begun");
}

TEST_CASE("a clock that is behind does not keep the owner out") {
    const Vm vm;
    Login login = vm.begin(1000);
    const auto challenge = bh::formats::parse_login_challenge(*login.new_challenge(1000));
    CHECK(challenge->issued == kIssued);
    CHECK(login.judge(by_owner(*bh::formats::login_challenge_text(*challenge)), 1010).ok());
}

TEST_CASE("other users, schemes and damaged files are refused") {
    const Vm vm;
    CHECK(vm.refusal(kNow, "root") == "wrong_user");
    CHECK(vm.refusal(kNow, "") == "wrong_user");
    auto statement = sample::statement(9);
    statement.scheme = "erc1271";
    REQUIRE(accept_statement(vm.places, sample::first_boot(), sample::signed_text(statement)));
    CHECK(vm.refusal(kNow) == "unknown_scheme");
    statement = sample::statement(10);
    statement.owner = "0x0000000000000000000000000000000000000000";
    REQUIRE(accept_statement(vm.places, sample::first_boot(), sample::signed_text(statement)));
    CHECK(vm.refusal(kNow) == "bad_statement");
    REQUIRE(replace_file(vm.places.statement(), "garbage", 0600));
    CHECK(vm.refusal(kNow) == "bad_statement");
    REQUIRE(accept_statement(vm.places, sample::first_boot(), sample::signed_text(sample::statement(11))));
    REQUIRE(replace_file(vm.places.host_key, "garbage", 0600));
    CHECK(vm.refusal(kNow) == "no_host_key");
}

TEST_CASE("a client address that sshd could not give is unknown") {
    const Vm vm;
    auto login = Login::begin(vm.places, "user", "", kNow, kDefaultGraceSeconds);
    REQUIRE(login);
    CHECK(bh::formats::parse_login_challenge(*login->new_challenge(kNow))->client == "unknown");
}
