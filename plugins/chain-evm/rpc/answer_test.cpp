// What an endpoint may answer, and what it may not: the envelope, and logs that are read while they are scanned.
#include "plugins/chain-evm/rpc/answer.hpp"

#include "plugins/chain-evm/rpc/json_rpc.hpp"
#include "plugins/chain-evm/rpc/node_json.hpp"
#include "plugins/chain-evm/rpc/rpc_node.hpp"

#include <catch2/catch_test_macros.hpp>

#include <deque>
#include <functional>

using namespace bh;
using namespace bh::evm;
using nlohmann::json;

namespace {

std::string digits(std::size_t bytes, char digit) { return "0x" + std::string(2 * bytes, digit); }

json log_at(std::uint64_t block, std::uint64_t index) {
    return {{"address", digits(20, 'a')},
            {"topics", {digits(32, '1'), digits(32, 'B')}},
            {"data", digits(64, 'c')},
            {"blockNumber", quantity(block)},
            {"blockHash", digits(32, 'd')},
            {"transactionHash", digits(32, 'e')},
            {"transactionIndex", "0x0"},
            {"logIndex", quantity(index)},
            {"blockTimestamp", json::array({1, 2.5, nullptr, true, json{{"a", "\n\"\xc3\xa9"}}})},
            {"removed", false}};
}

std::string reply(const json& result) { return json{{"jsonrpc", "2.0"}, {"id", 7}, {"result", result}}.dump(); }

Result<Answers> read(std::string text, Results results = Results::logs) { return read_answers(text, results); }

std::string why(const std::string& text, Results results = Results::logs) {
    INFO(text.substr(0, 400));
    const auto out = read(text, results);
    REQUIRE_FALSE(out.ok());
    CHECK(out.failure().code == BH_E_UNAVAILABLE);
    CHECK(out.failure().reason == "endpoint_garbage");
    return out.failure().message;
}

// Of a list of three logs whose second was changed.
std::string why_log(const std::function<void(json&)>& change) {
    json list{log_at(5, 0), log_at(5, 1), log_at(6, 0)};
    change(list[1]);
    return why(reply(list));
}

// Text of a log with a member that no tree can hold.
std::string with_text(const std::string& from, const std::string& to) {
    std::string text = reply(json::array({log_at(5, 0)}));
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a list of logs is read as the reader of trees reads it") {
    const json list{log_at(5, 0), log_at(5, 3), log_at(UINT64_MAX, UINT32_MAX)};
    for (const int indent : {-1, 2}) {
        const auto out = read(json{{"id", 7}, {"result", list}}.dump(indent));
        REQUIRE(out.ok());
        REQUIRE(out->items.size() == 1);
        CHECK_FALSE(out->batch);
        CHECK(out->items[0].id == 7);
        CHECK_FALSE(out->items[0].result);
        const auto& logs = out->items[0].logs;
        REQUIRE(logs);
        REQUIRE(logs->size() == list.size());
        for (std::size_t i = 0; i < list.size(); ++i) CHECK((*logs)[i] == read_log(list[i]));
    }
    CHECK(read(reply(json::array()))->items[0].logs->empty());
    CHECK(read(reply(json::array()), Results::values)->items[0].result.value() == json::array());
    json bare = log_at(1, 2);
    bare.erase("removed"), bare["topics"] = json::array(), bare["data"] = "0x";
    CHECK(read(reply(json::array({bare})))->items[0].logs->front() == read_log(bare));
    bare["removed"] = nullptr;
    CHECK(read(reply(json::array({bare}))).ok());
    for (int i = 0; i < 4; ++i) bare["topics"].push_back(digits(32, '7'));
    CHECK(read(reply(json::array({bare})))->items[0].logs->front().topics.size() == 4);
}

TEST_CASE("a log that is malformed is refused by its number and member") {
    const auto refused = [](const char* member, const json& value) {
        return why_log([&](json& log) { log[member] = value; });
    };
    for (const char* member :
         {"address", "topics", "data", "blockNumber", "blockHash", "transactionHash", "logIndex"}) {
        CHECK(why_log([&](json& log) { log.erase(member); }) == "log 1: " + std::string{member} + " is missing");
        const json wrong[] = {nullptr, 1, 1.5, true, json::object(), "", "0xg0", "xx", "0x\\u0030", "12", "0x0 "};
        for (const json& value : wrong) {
            CHECK(refused(member, value).starts_with("log 1: " + std::string{member}));
        }
    }
    for (const char* member : {"blockHash", "transactionHash"}) {
        CHECK(refused(member, digits(31, '1')) == "log 1: " + std::string{member} + " is no 0x and 64 hex digits");
        CHECK(refused(member, digits(33, '1')) == "log 1: " + std::string{member} + " is no 0x and 64 hex digits");
        CHECK(refused(member, "0X" + std::string(64, '1')).starts_with("log 1"));
    }
    CHECK(refused("address", digits(32, '1')) == "log 1: address is no 0x and 40 hex digits");
    CHECK(refused("data", "0x123") == "log 1: data is no 0x and pairs of hex digits");
    CHECK(refused("data", "0x" + std::string(63, '0') + "z") == "log 1: data is no 0x and pairs of hex digits");
    CHECK(refused("blockNumber", "0x") == "log 1: blockNumber is no quantity of 64 bits");
    CHECK(refused("blockNumber", "0x10000000000000000") == "log 1: blockNumber is no quantity of 64 bits");
    CHECK(refused("logIndex", "0x100000000") == "log 1: logIndex is no quantity of 32 bits");
    CHECK(refused("topics", json::array({digits(32, '1'), digits(31, '1')})) ==
          "log 1: topics has one that is no 0x and 64 hex digits");
    CHECK(refused("topics", json::array({digits(32, '1'), 5})) ==
          "log 1: topics has one that is no 0x and 64 hex digits");
    CHECK(refused("topics", json(std::vector<std::string>(5, digits(32, '1')))) == "log 1: topics has more than four");
    CHECK(refused("removed", true) == "log 1: removed is true");
    CHECK(refused("removed", "true") == "log 1: removed is neither true nor false");
    CHECK(refused("removed", 0) == "log 1: removed is neither true nor false");
    for (const json& item : {json(nullptr), json(5), json("log"), json::array(), json(false)}) {
        CHECK(why_log([&](json& log) { log = item; }) == "log 1: it is no object");
    }
}

TEST_CASE("logs that are out of order or there twice are refused") {
    const auto wrong = [](std::uint64_t block, std::uint64_t index) {
        return why(reply({log_at(5, 4), log_at(block, index), log_at(9, 9)}));
    };
    for (const auto& [block, index] : std::vector<std::pair<int, int>>{{5, 4}, {5, 3}, {4, 9}}) {
        CHECK(wrong(static_cast<std::uint64_t>(block), static_cast<std::uint64_t>(index)) ==
              "log 1: it is not above the one before it");
    }
}

TEST_CASE("a member that is there twice is refused, in a log and in the envelope") {
    CHECK(why(with_text(R"("removed":false)", R"("removed":false,"removed":false)")) ==
          "log 0: removed is there twice");
    CHECK(why(with_text(R"("logIndex":"0x0")", R"("logIndex":"0x0","logIndex":"0x1")")) ==
          "log 0: logIndex is there twice");
    for (const Results results : {Results::logs, Results::values}) {
        CHECK(why(R"({"id":1,"result":"0x1","result":"0x2"})", results) == "result is there twice");
        CHECK(why(R"({"id":1,"result":[],"result":[]})", results) == "result is there twice");
        CHECK(why(R"({"id":1,"id":1,"result":"0x1"})", results) == "id is there twice");
        CHECK(why(R"([{"id":1,"error":{},"error":null}])", results) == "error is there twice");
    }
    // Nor does an escape hide one.
    CHECK(why(with_text(R"("removed":false)", R"("rem\u006fved":true)")).starts_with("log 0: a member's name"));
    CHECK(why(R"({"id":1,"r\u0065sult":[]})").starts_with("a member's name"));
}

TEST_CASE("what is no JSON anywhere is refused, wherever it stands") {
    const std::string good = reply(json::array({log_at(5, 0), log_at(5, 1)}));
    for (const Results results : {Results::logs, Results::values}) {
        for (std::size_t size = 0; size < good.size(); ++size) {  // cut short
            INFO(size);
            CHECK_FALSE(read(good.substr(0, size), results).ok());
        }
        for (const char* behind : {"}", "]", ",", "0", "{}", "null", "\"", "x", "\x01", "[", ":"}) {
            CHECK(why(good + behind, results) == "not JSON");
        }
        CHECK(read(" \n" + good + "\r\n\t ", results).ok());
        for (const char* text : {"",
                                 " ",
                                 "{",
                                 "[",
                                 "]",
                                 "nul",
                                 "<html>",
                                 "{\"id\":1",
                                 "{\"id\" 1}",
                                 "{id:1}",
                                 "{,}",
                                 "[,]",
                                 "[{}",
                                 "{}}",
                                 "[1 2]",
                                 "{\"a\":1 \"b\":2}",
                                 "{\"a\":1,}",
                                 "[1,]",
                                 "\"",
                                 "01",
                                 "+1",
                                 "1.",
                                 "{\"id\":\"x\":1}",
                                 "{\"result\":tru}",
                                 "{\"result\":nulll}",
                                 "{\"result\":[1}",
                                 "{\"error\":{]}}",
                                 "\xef\xbb\xbf{}",
                                 "{\"result\":\"\xff\"}",
                                 "{\"result\":\"\n\"}",
                                 "{\"result\":\"\\x\"}",
                                 "{\"result\":1e400}",
                                 "{\"result\":[0x1]}",
                                 "{\"x\":--1}"}) {
            INFO(text);
            CHECK_FALSE(read(text, results).ok());
        }
    }
    // In members of a log that nobody asked for, too.
    for (const char* value : {"tru", "nulll", "01", "-", "1e400", "\"\\x\"", "\"\\ud800\"", "[1 2]", "{\"a\" 1}",
                              "{1:2}", "[1,]", "[", "]", "\"a\":1", "\"\xff\"", ""}) {
        INFO(value);
        CHECK_FALSE(read(with_text(R"("transactionIndex":"0x0")", "\"transactionIndex\":" + std::string{value})).ok());
    }
    for (const char* value : {"0", "-1.5e3", "18446744073709551616", "\"\\u00e9\\\\\"", "null", "[[],{},[[1]]]"}) {
        INFO(value);
        CHECK(read(with_text(R"("transactionIndex":"0x0")", "\"transactionIndex\":" + std::string{value})).ok());
    }
    // NUL bytes.
    CHECK_FALSE(read(good + std::string(1, '\0')).ok());
    CHECK_FALSE(read(with_text(R"("0x0")", std::string{"\"0x0\0\"", 6})).ok());
}

TEST_CASE("deep nesting ends in a refusal, not in a deep stack") {
    constexpr std::size_t kDeep = 200'000;
    const std::string open(kDeep, '['), close(kDeep, ']');
    std::string objects, ends(kDeep, '}');
    for (std::size_t i = 0; i < kDeep; ++i) objects += "{\"a\":";
    for (const Results results : {Results::logs, Results::values}) {
        CHECK_FALSE(read(open, results).ok());
        CHECK_FALSE(read(objects, results).ok());
        CHECK_FALSE(read("{\"id\":1,\"result\":" + open + "}", results).ok());
        CHECK_FALSE(read("{\"id\":1,\"result\":" + objects + "1" + ends, results).ok());
        CHECK(read("{\"id\":1,\"result\":" + objects + "1" + ends + "}", results).ok());  // some value, of no use
    }
    CHECK(why("{\"id\":1,\"result\":" + open + close + "}") == "log 0: it is no object");
    for (const std::string& deep : {open + close, objects + "1" + ends}) {
        CHECK(why(with_text(R"("transactionIndex":"0x0")", "\"transactionIndex\":" + deep)) ==
              "log 0: transactionIndex is not JSON, or nested too deep");
    }
}

TEST_CASE("an envelope says what it holds") {
    const auto one = [](const std::string& text) {
        auto out = read(text);
        INFO(text);
        REQUIRE(out.ok());
        REQUIRE(out->items.size() == 1);
        return out->items[0];
    };
    CHECK(one(R"({"id":4294967295,"result":null})").id == UINT32_MAX);
    CHECK(one(R"({"id":1,"result":null})").result->is_null());
    for (const char* id : {"4294967296", "-1", "1.0", "\"1\"", "true", "[1]"}) {
        const Answer out = one(R"({"id":)" + std::string{id} + R"(,"result":{}})");
        CHECK_FALSE(out.id);
        CHECK_FALSE(out.no_id);
    }
    CHECK(one(R"({"id":null,"error":{"code":1}})").no_id);
    CHECK(one(R"({"error":{"code":1}})").no_id);
    const Answer both = one(R"({"result":[],"error":{"code":1},"id":1})");
    CHECK(both.error);
    CHECK_FALSE(both.logs);
    CHECK_FALSE(both.result);
    CHECK(one(R"({"result":"0x1","error":null,"id":1})").result.value() == json("0x1"));
    for (const char* none : {"{}", "null", "5", "\"x\"", "{\"id\":1}"}) {
        const Answer out = one(none);
        CHECK_FALSE((out.error || out.result || out.logs));
    }
    const auto batch = read(R"([{"id":2,"result":{"a":[1]}}, null, [], {"result":[],"id":1}])");
    REQUIRE(batch.ok());
    CHECK(batch->batch);
    REQUIRE(batch->items.size() == 4);
    CHECK(batch->items[0].result.value() == json{{"a", json::array({1})}});
    CHECK_FALSE(batch->items[1].id);
    CHECK(batch->items[3].logs->empty());
    CHECK(batch->items[3].id == 1);
    CHECK(read("[]")->items.empty());
}

namespace {

// Answers in turn, and remembers what was asked.
class Scripted final : public Transport {
public:
    explicit Scripted(std::deque<std::function<json(const json&)>>& turns, std::vector<std::size_t>& limits)
        : turns_{turns}, limits_{limits} {}
    Result<std::string> post(const std::string& body, std::size_t max_answer_bytes) override {
        REQUIRE_FALSE(turns_.empty());
        const auto turn = turns_.front();
        turns_.pop_front();
        limits_.push_back(max_answer_bytes);
        return turn(json::parse(body)).dump();
    }
    void interrupt() override {}
    [[nodiscard]] const std::string& label() const override { return label_; }

private:
    std::deque<std::function<json(const json&)>>& turns_;
    std::vector<std::size_t>& limits_;
    const std::string label_ = "http://node";
};

struct Asked {
    std::deque<std::function<json(const json&)>> turns;
    std::vector<std::size_t> limits;
    RpcNode node{std::make_unique<Scripted>(turns, limits)};

    std::string failure(std::uint64_t from, std::uint64_t to) {
        const auto out = node.logs({}, from, to);
        REQUIRE_FALSE(out.ok());
        return out.failure().message;
    }
};

json block_at(std::uint64_t number) {
    return {{"number", quantity(number)},
            {"hash", digits(32, 'd')},
            {"parentHash", digits(32, 'c')},
            {"timestamp", "0x1"},
            {"gasLimit", "0x1"}};
}

json answer(const json& call, const json& result) { return {{"id", call["id"]}, {"result", result}}; }

}  // namespace

TEST_CASE("logs come with their block in one batch, in any order, and one by one from a node without batches") {
    const json list{log_at(5, 0), log_at(6, 1)};
    Asked asked;
    asked.turns.push_back(
        [&](const json& calls) { return json::array({answer(calls[1], block_at(6)), answer(calls[0], list)}); });
    const auto in_batch = asked.node.logs({}, 5, 6);
    REQUIRE(in_batch.ok());
    CHECK(in_batch->logs.size() == 2);
    CHECK(in_batch->last.number == 6);
    asked.turns.push_back([](const json&) { return json{{"error", {{"code", -32600}, {"message", "no batches"}}}}; });
    asked.turns.push_back([&](const json& call) { return answer(call, list); });
    asked.turns.push_back([](const json& call) { return answer(call, block_at(6)); });
    const auto singly = asked.node.logs({}, 5, 6);
    REQUIRE(singly.ok());
    CHECK(singly->logs == in_batch->logs);
    // A range that is too full comes as a smaller one; one block must come whole.
    CHECK(asked.limits == std::vector<std::size_t>{4U << 20, 4U << 20, 4U << 20, 0});
    asked.limits.clear();
    asked.turns.push_back([](const json& call) { return answer(call, json::array({log_at(6, 1)})); });
    asked.turns.push_back([](const json& call) { return answer(call, block_at(6)); });
    CHECK(asked.node.logs({}, 6, 6).ok());
    CHECK(asked.limits == std::vector<std::size_t>{32U << 20, 0});
}

TEST_CASE("an answer about logs that is something else is refused, and says what it is") {
    Asked asked;
    const auto says = [&](const json& logs, const json& block) {
        asked.turns.push_back(
            [&](const json& calls) { return json::array({answer(calls[0], logs), answer(calls[1], block)}); });
        const std::string message = asked.failure(5, 6);
        CHECK(message.find("the endpoint http://node answered with something that is not Ethereum JSON-RPC") == 0);
        return message;
    };
    const json list = json::array({log_at(5, 0)});
    CHECK(says(json::object(), block_at(6)).find("logs that are no list") != std::string::npos);
    CHECK(says(nullptr, block_at(6)).find("logs that are no list") != std::string::npos);
    CHECK(says("0x", block_at(6)).find("logs that are no list") != std::string::npos);
    CHECK(says(list, list).find("a list where none was asked for") != std::string::npos);
    CHECK(says(list, 5).find("a malformed block") != std::string::npos);
    CHECK(says(json::array({log_at(4, 0)}), block_at(6)).find("outside the range") != std::string::npos);
    CHECK(says(json::array({log_at(7, 0)}), block_at(6)).find("outside the range") != std::string::npos);
    json gone = log_at(5, 0);
    gone["removed"] = true;
    CHECK(says(json::array({gone}), block_at(6)).find("log 0: removed is true") != std::string::npos);
    // The two exchanged: each is an answer, but to the other question.
    CHECK(says(block_at(6), list).find("logs that are no list") != std::string::npos);
}
