#include "pam/helper/answers.hpp"

#include "pam/guest/sample_for_test.hpp"
#include "plugin-api/documents/json.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::guest;
using nlohmann::json;

namespace {

Machine a_machine() { return {"5f0c2a70-8c0e-4c5e-9a52-0d9ad0a3f7a1", 11, "listening"}; }

json ask(const Places& places, const json& request) {
    return json::parse(answer_request(places, a_machine, request.dump()));
}

json statement_request(const std::string& text) {
    return {{"v", 1}, {"type", "statement"}, {"statement", bh::crypto::hex0x(bh::crypto::bytes_of(text))}};
}

}  // namespace

TEST_CASE("hello before first boot names no VM and no key") {
    const sample::Directory directory;
    const json answer = ask(sample::places_in(directory), {{"v", 1}, {"type", "hello"}});
    CHECK(answer["ok"]["vm"] == "");
    CHECK(answer["ok"]["ssh_host_key"] == "");
    CHECK(answer["ok"]["sequence"] == "0");
}

TEST_CASE("hello says who the guest is") {
    const sample::Directory directory;
    const json expected = {{"v", 1},
                           {"type", "hello"},
                           {"ok",
                            {{"version", BLOCKHOST_VERSION},
                             {"vm", "bh-7-3fa91c"},
                             {"ssh_host_key", sample::kHostKey},
                             {"boot_id", "5f0c2a70-8c0e-4c5e-9a52-0d9ad0a3f7a1"},
                             {"uptime_s", 11},
                             {"sshd", "listening"},
                             {"sequence", "0"}}}};
    CHECK(ask(sample::booted(directory), {{"v", 1}, {"type", "hello"}, {"newer", true}}) == expected);
}

TEST_CASE("a statement is taken, and hello then tells its sequence number") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    CHECK(ask(places, statement_request(sample::signed_text(sample::statement(1'764'024'000'123))))["ok"]["sequence"] ==
          "1764024000123");
    CHECK(ask(places, statement_request(sample::signed_text(sample::statement(4))))["ok"]["sequence"] ==
          "1764024000123");
    CHECK(ask(places, {{"v", 1}, {"type", "hello"}})["ok"]["sequence"] == "1764024000123");
}

TEST_CASE("a statement that is not taken is answered with the reason") {
    const sample::Directory directory;
    CHECK(ask(sample::places_in(directory), statement_request("x"))["error"]["reason"] == "no_anchors");
    const Places places = sample::booted(directory);
    CHECK(ask(places, statement_request("x"))["error"]["reason"] == "bad_statement");
    CHECK(ask(places, {{"v", 1}, {"type", "statement"}})["error"]["reason"] == "bad_request");
    CHECK(ask(places, {{"v", 1}, {"type", "statement"}, {"statement", "zz"}})["error"]["reason"] == "bad_request");
    CHECK(ask(places, statement_request(std::string(4097, 'x')))["error"]["reason"] == "bad_request");
}

TEST_CASE("the guest has no questions, and knows no answers to them") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    CHECK(ask(places, {{"v", 1}, {"type", "poll"}})["ok"]["questions"] == json::array());
    CHECK(ask(places, {{"v", 1}, {"type", "answer"}, {"id", "00"}, {"valid", true}, {"reason", ""}})["ok"]["known"] ==
          false);
    CHECK(ask(places, {{"v", 1}, {"type", "answer"}})["error"]["reason"] == "bad_request");
}

TEST_CASE("a request that makes no sense is answered, whatever is in it") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    for (const std::string_view text :
         {"", "{", "[]", "7", "{\"v\":1}", "{\"v\":1,\"type\":7}", "{\"v\":1,\"v\":1,\"type\":\"hello\"}",
          "{\"v\":2,\"type\":\"hello\"}", "{\"v\":1,\"type\":\"exec\"}", "{\"v\":\"1\",\"type\":\"hello\"}"}) {
        INFO(text);
        CHECK(json::parse(answer_request(places, a_machine, text))["error"]["reason"] == "bad_request");
    }
    const std::string deep(4000, '[');
    CHECK(json::parse(answer_request(places, a_machine, deep))["error"]["reason"] == "bad_request");
}
