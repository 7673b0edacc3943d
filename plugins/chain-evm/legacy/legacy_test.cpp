// What is said to and by the existing contracts, byte for byte: selectors and topics as their compiled ABI has them.
#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/chain/config.hpp"
#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/legacy/calls.hpp"
#include "plugins/chain-evm/legacy/events.hpp"

#include "plugin-api/documents/json.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::evm;

namespace {

Address address(std::uint8_t byte) {
    Address out;
    out.bytes.fill(byte);
    return out;
}
Hash word_of(const Address& value) {
    Hash out;
    std::ranges::copy(value.bytes, out.bytes.begin() + 12);
    return out;
}
Hash word_of(std::uint64_t value) { return Hash{Uint256{value}.word()}; }

// The data of a log: arguments without a selector.
Bytes data_of(const CallEncoder& call) {
    const Bytes all = call.finish();
    return {all.begin() + 4, all.end()};
}

const Address kContract = address(1), kCredential = address(2), kBuyer = address(3), kToken = address(4);

Log log_of(const Address& from, std::string_view signature, const std::vector<Hash>& indexed, Bytes data) {
    Log log;
    log.address = from;
    log.topics = {signature_hash(signature)};
    for (const Hash& topic : indexed) log.topics.push_back(topic);
    log.data = std::move(data);
    log.tx.bytes.fill(0x77);
    return log;
}

constexpr std::string_view kCreated = "SubscriptionCreated(uint256,uint256,address,uint256,uint256,address,bytes)";
Log created(const Bytes& request, const Uint256& expires = Uint256{2'000'000'000}) {
    return log_of(kContract, kCreated, {word_of(7), word_of(2), word_of(kBuyer)},
                  data_of(CallEncoder{"x()"}.uint(expires).uint(1500).address(kToken).bytes(request)));
}

}  // namespace

TEST_CASE("topics are those of the existing contracts") {
    struct Row {
        const char* begin;
        const char* end;
        std::string_view signature;
    };
    const Row rows[] = {
        {"0xf8d00422", "8b55", kCreated},
        {"0x80f867ae", "9e09", "SubscriptionExtended(uint256,uint256,address,uint256,uint256,address)"},
        {"0x66f43ba6", "a104", "SubscriptionCancelled(uint256,uint256,address)"},
        {"0x135a65e1", "1cc9", "PlanCreated(uint256,string,uint256)"},
        {"0x98d9b934", "03eb", "PlanUpdated(uint256,string,uint256,bool)"},
        {"0x049f622f", "a402", "PrimaryStablecoinSet(address,uint8)"},
        {"0xc74a90c6", "ae3c", "PaymentMethodAdded(uint256,address,address,address)"},
        {"0x062a43f3", "cdc1", "PaymentMethodUpdated(uint256,bool)"},
        {"0xa92ff919", "af8a", "FundsWithdrawn(address,address,uint256)"},
        {"0x07af09e2", "ed61", "SlippageUpdated(uint256,uint256)"},
        {"0x7e5f5916", "716b", "MinLiquidityUpdated(uint256,uint256)"},
        {"0xcde916bd", "3f98", "CredentialMinted(uint256,address)"},
        {"0xaf546e68", "2c34", "CredentialUpdated(uint256)"},
        {"0xddf252ad", "3b3ef", "Transfer(address,address,uint256)"},
    };
    const EventCatalogue catalogue = legacy::event_catalogue(kContract, kCredential);
    for (const Row& row : rows) {
        INFO(row.signature);
        const std::string topic = signature_hash(row.signature).text();
        CHECK(topic.starts_with(row.begin));
        CHECK(topic.ends_with(row.end));
        // Known to the catalogue: another number of topics than the event has is noticed.
        const bool of_credential = row.signature.starts_with("Credential") || row.signature.starts_with("Transfer");
        const auto refuses = [&](std::size_t indexed) {
            const auto lame = catalogue.decode(
                log_of(of_credential ? kCredential : kContract, row.signature, std::vector<Hash>(indexed), {}));
            return !lame && lame.failure().reason == "bad_log";
        };
        CHECK((refuses(0) || refuses(1)));
    }
    CHECK(legacy::minted_topic() == signature_hash("CredentialMinted(uint256,address)"));
}

TEST_CASE("selectors are those of the existing contracts") {
    const auto head = [](const Bytes& call) { return crypto::hex0x(crypto::ByteView{call}.first(4)); };
    CHECK(head(legacy::view::subscription(Uint256{1})) == "0xdc311dd3");
    CHECK(head(legacy::view::next_subscription_id()) == "0xda58935f");
    CHECK(head(legacy::encode_mint(kBuyer, Bytes{1}, Uint256{7}, {})) == "0xb510391f");
    CHECK(crypto::hex0x(selector("buySubscription(uint256,uint256,uint256,bytes)")) == "0xd4e69225");
    CHECK(crypto::hex0x(selector("extendSubscription(uint256,uint256,uint256)")) == "0x526e1442");
    CHECK(crypto::hex0x(selector("cancelSubscription(uint256)")) == "0x21235083");
    CHECK(crypto::hex0x(selector("createPlan(string,uint256)")) == "0x4e09bf46");
    CHECK(crypto::hex0x(selector("updatePlan(uint256,string,uint256,bool)")) == "0xf8fd9cb8");
    CHECK(crypto::hex0x(selector("calculatePayment(uint256,uint256,uint256)")) == "0x2f49b868");
    CHECK(crypto::hex0x(selector("getUserEncrypted(uint256)")) == "0x191803d1");
    CHECK(crypto::hex0x(selector("updateUserEncrypted(uint256,bytes)")) == "0x804a083e");
}

TEST_CASE("a purchase is decoded, and its order is that of its transaction and id alone") {
    const EventCatalogue catalogue = legacy::event_catalogue(kContract, kCredential);
    const auto event = catalogue.decode(created({9, 8, 7}));
    REQUIRE(event.ok());
    CHECK(event->type == "purchased");
    CHECK(event->name == "SubscriptionCreated");
    CHECK(event->subscription == "7");
    CHECK(event->plan == "2");
    CHECK(event->actor == kBuyer.text());
    CHECK(event->expires_at.seconds == 2'000'000'000);
    CHECK(event->amount.units == "1500");
    CHECK(event->token == kToken.text());
    CHECK(event->data == Bytes{9, 8, 7});
    CHECK(event->order.size() == 2 + 2 * kOrderBytes);
    // Mined again in another block it expires at another time and is the same order.
    CHECK(catalogue.decode(created({9, 8, 7}, Uint256{2'000'000'012}))->order == event->order);
    Log other = created({9, 8, 7});
    other.tx.bytes.fill(0x78);
    CHECK(catalogue.decode(other)->order != event->order);
}

TEST_CASE("what a stranger may put into a purchase stops no other event") {
    const EventCatalogue catalogue = legacy::event_catalogue(kContract, kCredential);
    const auto huge = catalogue.decode(created(Bytes(100'000, 1)));
    REQUIRE(huge.ok());
    CHECK(huge->data.empty());
    CHECK(catalogue.decode(created(Bytes(kMaxSealedBytes, 1)))->data.size() == kMaxSealedBytes);
    Uint256 most;
    most = *Uint256::from_quantity("0x" + std::string(64, 'f'));
    const auto forever = catalogue.decode(created({1}, most));
    REQUIRE(forever.ok());
    CHECK(time_to_text(forever->expires_at) == "9999-12-31T23:59:59Z");
}

TEST_CASE("extensions, cancellations, plans and money that leaves are decoded") {
    const EventCatalogue catalogue = legacy::event_catalogue(kContract, kCredential);
    const auto extended =
        catalogue.decode(log_of(kContract, "SubscriptionExtended(uint256,uint256,address,uint256,uint256,address)",
                                {word_of(7), word_of(2), word_of(kBuyer)},
                                data_of(CallEncoder{"x()"}.uint(2'100'000'000).uint(50).address(kToken))));
    REQUIRE(extended.ok());
    CHECK(extended->type == "extended");
    CHECK(extended->expires_at.seconds == 2'100'000'000);
    CHECK(extended->amount.units == "50");
    const auto cancelled = catalogue.decode(log_of(kContract, "SubscriptionCancelled(uint256,uint256,address)",
                                                   {word_of(7), word_of(2), word_of(kBuyer)}, {}));
    REQUIRE(cancelled.ok());
    CHECK(cancelled->type == "cancelled");
    CHECK(cancelled->subscription == "7");
    const auto plan = catalogue.decode(log_of(kContract, "PlanUpdated(uint256,string,uint256,bool)", {word_of(2)},
                                              data_of(CallEncoder{"x()"}.bytes(Bytes{'a'}).uint(5).boolean(false))));
    REQUIRE(plan.ok());
    CHECK(plan->type == "plan");
    CHECK(plan->plan == "2");
    CHECK_FALSE(plan->plan_state->active);
    const auto out = catalogue.decode(log_of(kContract, "FundsWithdrawn(address,address,uint256)",
                                             {word_of(kToken), word_of(kBuyer)}, data_of(CallEncoder{"x()"}.uint(12))));
    REQUIRE(out.ok());
    CHECK(out->type == "withdrawn");
    CHECK(out->amount.units == "12");
    CHECK(out->token == kToken.text());
}

TEST_CASE("a mint says whom it is for, and nothing else says it") {
    Hash order;
    std::fill_n(order.bytes.begin(), kOrderBytes, std::uint8_t{0xab});
    for (const std::size_t size : {1U, 31U, 32U, 33U, 225U, 1024U}) {
        const Bytes call = legacy::encode_mint(kBuyer, Bytes(size, 0x5a), Uint256{7}, order);
        const auto mark = legacy::read_mark(call);
        REQUIRE(mark);
        CHECK(mark->subscription == "7");
        CHECK(mark->order == order_text(order));
        CHECK_FALSE(legacy::read_mark(crypto::ByteView{call}.first(call.size() - 1)));
        CHECK_FALSE(legacy::read_mark(crypto::ByteView{call}.first(call.size() - 96)));  // as another program mints
        Bytes other = call;
        other[0] ^= 1U;
        CHECK_FALSE(legacy::read_mark(other));
        other = call;
        other[call.size() - 96] ^= 1U;
        CHECK_FALSE(legacy::read_mark(other));
    }
    // A mark within the sealed bytes is none.
    const Bytes real = legacy::encode_mint(kBuyer, Bytes{1}, Uint256{7}, order);
    const Bytes inside{real.end() - 96, real.end()};
    CHECK_FALSE(legacy::read_mark(CallEncoder{"mint(address,bytes)"}.address(kBuyer).bytes(inside).finish()));
    CHECK_FALSE(legacy::read_mark({}));
}

TEST_CASE("the view of a subscription is decoded strictly") {
    const auto view = [](std::uint64_t cancelled, const Address& subscriber) {
        return data_of(
            CallEncoder{"x()"}.uint(2).address(subscriber).uint(2'000'000'000).boolean(true).uint(cancelled));
    };
    const auto one = legacy::decode_subscription(view(1, kBuyer));
    REQUIRE(one.ok());
    CHECK(one->exists);
    CHECK(one->plan == "2");
    CHECK(one->subscriber == kBuyer);
    CHECK(one->expires_at == 2'000'000'000);
    CHECK(one->cancelled);
    CHECK_FALSE(legacy::decode_subscription(view(0, {}))->exists);
    CHECK_FALSE(legacy::decode_subscription(view(2, kBuyer)).ok());
    CHECK_FALSE(legacy::decode_subscription(Bytes(64)).ok());
}

TEST_CASE("the configuration says the kind, the grace and what each plan's VMs get") {
    const auto parse = [](const nlohmann::json& more) {
        nlohmann::json text{{"chain", "devnet"},
                            {"endpoints", {{{"url", "http://127.0.0.1:8545"}}}},
                            {"contract", kContract.text()},
                            {"credential", kCredential.text()}};
        text.update(more);
        return parse_config(text.dump());
    };
    CHECK_FALSE(parse(nlohmann::json::object())->legacy);
    CHECK_FALSE(parse({{"contract_kind", "blockhost"}})->legacy);
    const auto legacy = [&](nlohmann::json more) {
        more.emplace("serve_from", 9);
        return parse({{"contract_kind", "legacy"}, {"start_block", 5}, {"legacy", std::move(more)}});
    };
    CHECK(legacy(nlohmann::json::object())->legacy->grace_days == 7);
    CHECK(legacy(nlohmann::json::object())->legacy->serve_from == 9);
    // Without it everything that was ever sold would be built again.
    CHECK_FALSE(parse({{"contract_kind", "legacy"}}).ok());
    CHECK_FALSE(parse({{"contract_kind", "legacy"}, {"legacy", {{"grace_days", 7}}}}).ok());
    CHECK(legacy({{"serve_from", 4}}).failure().message.find("/legacy/serve_from") != std::string::npos);
    const nlohmann::json plan{{"plan", "3"}, {"cpus", 2}, {"memory_bytes", 1024}, {"disk_bytes", 4096}};
    const auto config = legacy({{"grace_days", 0}, {"plans", nlohmann::json::array({plan})}});
    REQUIRE(config.ok());
    CHECK(config->legacy->grace_days == 0);
    CHECK(config->legacy->plans.at("3") == R"({"cpus":2,"disk_bytes":4096,"memory_bytes":1024})");
    CHECK(parse({{"contract_kind", "other"}}).failure().message.find("/contract_kind") != std::string::npos);
    CHECK(parse({{"legacy", {{"serve_from", 1}}}}).failure().message.find("/legacy") != std::string::npos);
    CHECK_FALSE(legacy({{"grace_days", 91}}).ok());
    CHECK_FALSE(legacy({{"plans", nlohmann::json::array({plan, plan})}}).ok());
    const auto split =
        parse({{"contract_kind", "legacy"}, {"legacy", {{"serve_from", 1}}}, {"split", address(9).text()}});
    CHECK(split.failure().message.find("/split") != std::string::npos);
}
