#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/contract/errors.hpp"
#include "plugins/chain-evm/contract/events.hpp"
#include "plugins/chain-evm/contract/views.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace bh;
using namespace bh::evm;

namespace {

Address address(std::uint8_t byte) {
    Address out;
    out.bytes.fill(byte);
    return out;
}

Hash topic(std::uint64_t value) { return Hash{Uint256{value}.word()}; }

Intent deliver() {
    Intent intent;
    intent.action = "deliver";
    intent.subscription = "7";
    intent.order = "0x" + std::string(32, '1');
    intent.deadline = {1764000000};
    intent.sealed = {1};
    intent.attestation_hash = Bytes(32, 2);
    return intent;
}

}  // namespace

TEST_CASE("an intent that the contract would refuse is refused here, with its member's name") {
    CHECK(encode_intent(deliver()).ok());
    const auto refusal = [](auto&& change) {
        Intent intent = deliver();
        change(intent);
        const auto out = encode_intent(intent);
        return out ? std::string{} : out.failure().message;
    };
    CHECK(refusal([](Intent& i) { i.subscription = "seven"; }).find("/subscription") != std::string::npos);
    CHECK(refusal([](Intent& i) { i.order = "0x11"; }).find("order") != std::string::npos);
    CHECK(refusal([](Intent& i) { i.deadline = {}; }).find("/deadline") != std::string::npos);
    CHECK(refusal([](Intent& i) { i.sealed = Bytes(1025, 1); }).find("/sealed") != std::string::npos);
    CHECK(refusal([](Intent& i) { i.attestation_hash = Bytes(31, 1); }).find("/attestation_hash") != std::string::npos);
    CHECK(refusal([](Intent& i) { i.action = "decline", i.reason = std::string(65, 'x'); }).find("/reason") !=
          std::string::npos);
    CHECK(refusal([](Intent& i) { i.action = "update"; }).find("/owner") != std::string::npos);
    CHECK(refusal([](Intent& i) { i.action = "credit_time"; }).find("/until") != std::string::npos);
    CHECK(refusal([](Intent& i) { i.action = "set_capacity"; }).find("/plan") != std::string::npos);
    CHECK(refusal([](Intent& i) { i.action = "withdraw"; }).find("/token") != std::string::npos);
    CHECK(refusal([](Intent& i) { i.action = "mint"; }).find("/action") != std::string::npos);
}

TEST_CASE("an order is the sixteen bytes that the contract keeps") {
    const std::string kept = "0x" + std::string(32, 'a');
    CHECK(order_text(*parse_order(kept + std::string(32, 'b'))) == kept);
    CHECK(parse_order(kept)->text() == kept + std::string(32, '0'));
    CHECK_FALSE(parse_order("").ok());
}

TEST_CASE("reverts have names and arguments") {
    const auto revert = [](const CallEncoder& call) { return describe_revert(call.finish()); };
    CHECK(revert(CallEncoder{"NotOpen(uint256)"}.uint(7)) == "NotOpen(7)");
    CHECK(revert(CallEncoder{"TooLong(uint256,uint256)"}.uint(70).uint(64)) == "TooLong(70, 64)");
    CHECK(revert(CallEncoder{"RenounceRefused()"}) == "RenounceRefused()");
    CHECK(revert(CallEncoder{"Error(string)"}.bytes(Bytes{'n', 'o', 0, '\x01'})) == "Error: no??");
    CHECK(revert(CallEncoder{"Panic(uint256)"}.uint(0x11)) == "Panic(0x11)");
    CHECK(revert(CallEncoder{"OrderMismatch(uint256,bytes16)"}.uint(1).hash(Hash{})) ==
          "OrderMismatch(1, 0x00000000000000000000000000000000)");
    CHECK(describe_revert(Bytes{0xde, 0xad, 0xbe, 0xef}) == "error 0xdeadbeef");
    CHECK(describe_revert({}) == "no reason");
    CHECK(describe_revert(Bytes{0x34, 0x1b, 0x37, 0x2a}) == "NotOpen");  // cut short
}

TEST_CASE("logs become events only when our contracts can have made them") {
    const EventCatalogue catalogue{address(1), address(2)};
    Log log{address(1),
            {signature_hash("Closed(uint256,uint256)"), topic(7)},
            crypto::to_bytes(Uint256{99}.word()),
            5,
            {},
            {},
            0};
    const auto closed = catalogue.decode(log);
    REQUIRE(closed.ok());
    CHECK(closed->type == "closed");
    CHECK(closed->name == "Closed");
    CHECK(closed->subscription == "7");
    CHECK(closed->expires_at.seconds == 99);

    log.data.clear();
    CHECK(catalogue.decode(log).failure().reason == "bad_log");
    log.topics.pop_back();
    CHECK(catalogue.decode(log).failure().reason == "bad_log");
    log.topics = {topic(1)};
    CHECK(catalogue.decode(log)->type == "other");
    log.address = address(3);
    CHECK(catalogue.decode(log).failure().reason == "bad_log");

    Log transfer{
        address(2), {signature_hash("Transfer(address,address,uint256)"), topic(0), topic(5), topic(7)}, {}, 5, {}, {},
        0};
    CHECK(catalogue.decode(transfer)->type == "other");  // minting
    transfer.topics[1] = topic(4);
    const auto handed_over = catalogue.decode(transfer);
    CHECK(handed_over->type == "transferred");
    CHECK(handed_over->owner == "0x0000000000000000000000000000000000000005");
    transfer.topics[3] = topic(0);
    CHECK(catalogue.decode(transfer)->type == "other");  // the operator's token
}

TEST_CASE("a view that was cut short is not a state") {
    CHECK_FALSE(decode_subscription(Bytes(std::size_t{32} * 10, 0), "1").ok());
    CHECK_FALSE(decode_plan(Bytes(std::size_t{32} * 3, 0)).ok());
    CHECK_FALSE(decode_subscription({}, "1").ok());
}

namespace {

// A log of the contract as its ABI writes it: indexed words, then data words.
Log log_of(std::string_view signature, const std::vector<Hash>& indexed, const CallEncoder& data) {
    Log log;
    log.address = address(1);
    log.topics = {signature_hash(signature)};
    for (const Hash& argument : indexed) log.topics.push_back(argument);
    const Bytes encoded = data.finish();
    log.data.assign(encoded.begin() + 4, encoded.end());
    return log;
}

Hash topic(const Address& who) {
    Hash out;
    std::copy(who.bytes.begin(), who.bytes.end(), out.bytes.begin() + 12);
    return out;
}

}  // namespace

TEST_CASE("every amount that comes into the contract, goes out of it or is given back is in its event") {
    const EventCatalogue catalogue{address(1), address(2)};
    const auto decoded = [&](const Log& log) {
        const auto event = catalogue.decode(log);
        REQUIRE(event);
        return *event;
    };
    const auto extended =
        decoded(log_of("Extended(uint256,address,uint256,address,uint256,uint256)", {topic(7), topic(address(3))},
                       CallEncoder{"x()"}.uint(86400).address(Address{}).uint(1000).uint(1'900'000'000)));
    CHECK(extended.type == "extended");
    CHECK(extended.paid_seconds == 86400);
    CHECK(extended.token == "native");
    CHECK(extended.amount.units == "1000");
    CHECK(extended.expires_at.seconds == 1'900'000'000);
    const auto cancelled =
        decoded(log_of("Cancelled(uint256,address,bool,address,uint256,uint256)", {topic(7), topic(address(3))},
                       CallEncoder{"x()"}.boolean(true).address(address(9)).uint(55).uint(1'900'000'000)));
    CHECK(cancelled.type == "cancelled");
    CHECK(cancelled.token == address(9).text());
    CHECK(cancelled.amount.units == "55");
    for (const auto& [signature, type] : {std::pair{"Declined(uint256,address,address,uint256,string)", "declined"},
                                          std::pair{"Refunded(uint256,address,address,uint256)", "refunded"}}) {
        const auto back =
            decoded(log_of(signature, {topic(7), topic(address(3))}, CallEncoder{"x()"}.address(address(9)).uint(77)));
        CHECK(back.type == type);
        CHECK(back.subscription == "7");
        CHECK(back.actor == address(3).text());
        CHECK(back.token == address(9).text());
        CHECK(back.amount.units == "77");
    }
    const auto withdrawn = decoded(log_of("Withdrawn(address,address,uint256)", {topic(Address{}), topic(address(4))},
                                          CallEncoder{"x()"}.uint(99)));
    CHECK(withdrawn.type == "withdrawn");
    CHECK(withdrawn.subscription.empty());
    CHECK(withdrawn.token == "native");
    CHECK(withdrawn.actor == address(4).text());
    CHECK(withdrawn.amount.units == "99");
    const auto claimed =
        decoded(log_of("Claimed(address,address,address,uint256)",
                       {topic(address(9)), topic(address(4)), topic(address(5))}, CallEncoder{"x()"}.uint(98)));
    CHECK(claimed.type == "claimed");
    CHECK(claimed.actor == address(4).text());
    CHECK(claimed.owner == address(5).text());
    CHECK(claimed.amount.units == "98");
}

TEST_CASE("the contract's money and a split's shares are read, and what is none of theirs is not") {
    const auto words = [](const CallEncoder& call) {
        const Bytes all = call.finish();
        return Bytes{all.begin() + 4, all.end()};
    };
    const auto money = decode_money(words(CallEncoder{"x()"}.uint(1).uint(2).uint(3).uint(4)));
    REQUIRE(money);
    CHECK(money->undelivered.units == "1");
    CHECK(money->unearned.units == "2");
    CHECK(money->earned.units == "3");
    CHECK(money->credits.units == "4");
    CHECK_FALSE(decode_money(words(CallEncoder{"x()"}.uint(1).uint(2).uint(3))));
    const auto shares =
        decode_shares(words(CallEncoder{"x()"}.uint(32).uint(1).address(address(3)).uint(10'000).uint(5).uint(6)));
    REQUIRE(shares);
    REQUIRE(shares->size() == 1);
    CHECK(shares->front().account == address(3).text());
    CHECK(shares->front().basis_points == 10'000);
    CHECK(shares->front().due.units == "5");
    CHECK(shares->front().paid.units == "6");
    CHECK_FALSE(decode_shares(words(CallEncoder{"x()"}.uint(32).uint(2).address(address(3)).uint(1).uint(5).uint(6))));
    CHECK_FALSE(decode_shares(words(CallEncoder{"x()"}.uint(64).uint(0))));
    CHECK_FALSE(decode_shares(words(CallEncoder{"x()"}.uint(32).uint(33))));
}

TEST_CASE("a release names its token and its owner") {
    Intent intent;
    intent.action = "release", intent.token = "native", intent.owner = address(3).text();
    const auto data = encode_intent(intent);
    REQUIRE(data);
    CHECK(*data == CallEncoder{"release(address,address)"}.address(Address{}).address(address(3)).finish());
    intent.owner = "";
    CHECK(encode_intent(intent).failure().message.find("/owner") != std::string::npos);
    intent.owner = address(3).text(), intent.token = "ether";
    CHECK(encode_intent(intent).failure().message.find("/token") != std::string::npos);
}
