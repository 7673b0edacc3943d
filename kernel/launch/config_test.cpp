#include "kernel/launch/config.hpp"
#include "kernel/launch/names.hpp"

#include <catch2/catch_test_macros.hpp>

#include <unistd.h>

#include <cstdlib>
#include <fstream>

using namespace bh::launch;

namespace {

bh::Result<LaunchConfig> read(const std::string& text) {
    char path[] = "/tmp/bh-launch-config-XXXXXX";
    ::close(::mkstemp(path));
    std::ofstream{path} << text;
    auto config = read_launch_config(path);
    ::unlink(path);
    return config;
}

const std::string kHead =
    "run: /run/x\nstate: /var/lib/x\nkernel: {user: 64101, group: 64101}\nuids: {first: 700000, count: 100}\n";

void refused(const std::string& text, const std::string& word) {
    const auto config = read(text);
    REQUIRE_FALSE(config);
    CHECK(config.failure().code == BH_E_INVALID);
    INFO(config.failure().message);
    CHECK(config.failure().message.find(word) != std::string::npos);
}

}  // namespace

TEST_CASE("a whole configuration is read") {
    const auto config =
        read(kHead +
             "instances:\n  store:\n    tools:\n      tool: {path: /bin/tool, commands: [[\"resize\", \"[0-9]+\"]]}\n"
             "  hyper: {programs: {q: /bin/q}, directories: [/usr]}\n");
    REQUIRE(config);
    CHECK(config->socket == "/run/x/launch/launch.sock");
    CHECK(config->instances.at("hyper").programs.at("q") == "/bin/q");
    const Tool& tool = config->instances.at("store").tools.at("tool");
    CHECK(allows(tool, {"resize", "12"}));
    CHECK_FALSE(allows(tool, {"resize", "12x"}));
    CHECK_FALSE(allows(tool, {"resize"}));
    CHECK_FALSE(allows(tool, {"resize", "12", "13"}));
}

TEST_CASE("mistakes in the configuration are named") {
    refused(kHead + "instances: {}\nshell: yes\n", "shell");
    refused(kHead, "instances");
    refused("run: run\nstate: /x\nkernel: {user: 1, group: 1}\nuids: {first: 700000, count: 1}\ninstances: {}\n",
            "run");
    refused(kHead + "instances: {a: {programs: {q: q}}}\n", "instances.a.programs.q");
    refused(kHead + "instances: {a: {tools: {t: {path: /t, commands: []}}}}\n", "instances.a.tools.t.commands");
    refused(kHead + "instances: {a: {tools: {t: {path: /t, commands: [[\"(\"]]}}}}\n", "regular expression");
    refused(kHead + "instances: {a: {folders: [/x]}}\n", "folders");
    refused(kHead + "instances: {A: {}}\n", "A");
}

TEST_CASE("a worker writes below what it was granted and nowhere else") {
    const auto config = read(kHead +
                             "instances:\n  a:\n    worker: {user: 64200, write: [/var/pool], read: [/dev/none]}\n"
                             "    tools: {t: {path: /t, commands: [[]]}}\n  b:\n    worker: {user: 64201}\n");
    REQUIRE(config);
    const WorkerConfig& worker = *config->instances.at("a").worker;
    CHECK(writes(worker, "/var/pool/volumes/x"));
    CHECK_FALSE(writes(worker, "/var/pool"));
    CHECK_FALSE(writes(worker, "/var/pool2/x"));
    CHECK_FALSE(writes(worker, "/dev/none"));
    CHECK(worker.tool_tasks > 0);
    CHECK(config->instances.at("b").worker->tool_tasks == 0);
    refused(kHead + "instances: {a: {worker: {user: 64200}}, b: {worker: {user: 64200}}}\n", "a user of its own");
}

TEST_CASE("the range of uids is a range of others") {
    refused("run: /r\nstate: /x\nkernel: {user: 700005, group: 1}\nuids: {first: 700000, count: 10}\ninstances: {}\n",
            "range");
    refused("run: /r\nstate: /x\nkernel: {user: 5, group: 1}\nuids: {first: 0, count: 10}\ninstances: {}\n",
            "uids.first");
    refused("run: /r\nstate: /x\nkernel: {user: 5, group: 1}\nuids: {first: 4294967290, count: 10}\ninstances: {}\n",
            "count");
}

TEST_CASE("a unit's name is its owner's op_id with or without a suffix") {
    CHECK(is_unit_of("abc", "abc"));
    CHECK(is_unit_of("abc-aux1", "abc"));
    CHECK_FALSE(is_unit_of("abcd", "abc"));
    CHECK_FALSE(is_unit_of("abc-", "abc"));
    CHECK_FALSE(is_unit_of("abc-a-b", "abc"));
    CHECK_FALSE(is_unit_of("abc-../x", "abc"));
    CHECK_FALSE(is_unit_of("", ""));
    CHECK(tap_of("0123456789abcdef") == "bh0123456789ab");
}
