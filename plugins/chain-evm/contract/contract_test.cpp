#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/contract/errors.hpp"
#include "plugins/chain-evm/contract/events.hpp"
#include "plugins/chain-evm/contract/views.hpp"

#include <catch2/catch_test_macros.hpp>

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
