// The guest of examples/hypervisor-cpp answers as plugin-api/formats/guest-messages-1.md says.
#include "examples/hypervisor-cpp/guest.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

namespace {

using nlohmann::json;

struct Running {
    helper::Guest guest{helper::new_host_key(), helper::new_boot_id(), 0};
    bh::Vm vm;
    Running() { vm.name = "bh-7-abcdef"; }

    json ask(const std::string& request) {
        return json::parse(helper::answer(guest, vm, 12, bh::Bytes{request.begin(), request.end()}));
    }
    json state(const std::string& text) {
        return ask(json{
            {"v", 1}, {"type", "statement"}, {"statement", bh::hex_from_bytes(bh::Bytes{text.begin(), text.end()})}}
                       .dump());
    }
};

}  // namespace

TEST_CASE("the example's guest says who it is") {
    Running machine;
    const json said = machine.ask(R"({"v":1,"type":"hello","later":true})");
    CHECK(said["v"] == 1);
    CHECK(said["type"] == "hello");
    CHECK(said["ok"]["vm"] == "bh-7-abcdef");
    CHECK(said["ok"]["ssh_host_key"] == machine.guest.host_key);
    CHECK(said["ok"]["uptime_s"] == 12);
    CHECK(said["ok"]["sequence"] == "0");
    CHECK(said["ok"]["boot_id"].get<std::string>().size() == 36);
}

TEST_CASE("the example's guest keeps the newest owner statement") {
    Running machine;
    CHECK(machine.state("BlockHost owner statement 1\nsequence: 12\n")["ok"]["sequence"] == "12");
    CHECK(machine.state("BlockHost owner statement 1\nsequence: 11\n")["ok"]["sequence"] == "12");
    CHECK(machine.state("BlockHost owner statement 1\nsequence: 9223372036854775807\n")["ok"]["sequence"] ==
          "9223372036854775807");
    CHECK(machine.ask(R"({"v":1,"type":"hello"})")["ok"]["sequence"] == "9223372036854775807");
}

TEST_CASE("the example's guest refuses what is no statement") {
    Running machine;
    for (const char* text : {"", "sequence: 1\n", "x\nsequence: \n", "x\nsequence: 1", "x\nsequence: 1x\n",
                             "x\nsequence: 99999999999999999999999\n"}) {
        CHECK(machine.state(text)["error"]["reason"] == "bad_statement");
    }
    CHECK(machine.guest.sequence == 0);
}

TEST_CASE("the example's guest asks nothing, and answers what it can't read") {
    Running machine;
    CHECK(machine.ask(R"({"v":1,"type":"poll"})")["ok"]["questions"] == json::array());
    CHECK(machine.ask(R"({"v":1,"type":"answer","id":"00"})")["ok"]["known"] == false);
    CHECK(machine.ask(R"({"v":1,"type":"dance"})")["error"]["reason"] == "bad_request");
    for (const char* bad : {"", "[]", "{}", R"({"v":2,"type":"hello"})", R"({"v":1,"v":1,"type":"hello"})"}) {
        const json said = machine.ask(bad);
        CHECK(said["error"]["reason"] == "bad_request");
        CHECK(said["type"] == "");
    }
}

TEST_CASE("the example's host keys are lines of Ed25519 keys, each another") {
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        const std::string line = helper::new_host_key();
        CHECK(seen.insert(line).second);
        CHECK(line.size() == 12 + 68);  // base64 of 51 bytes: two texts with their lengths, the name and the key
        CHECK(line.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"));
        CHECK((line[37] >= 'A' && line[37] <= 'P'));  // the last bits of the length 32 are 0
    }
}
