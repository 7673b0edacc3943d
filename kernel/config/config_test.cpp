#include "kernel/config/kernel_config.hpp"
#include "kernel/config/yaml.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace bh;
using bh::parse_yaml;

namespace {

const std::string kGood = R"(
paths: {state: /s, run: /r, plugins: /p}
host: {name: host-1}
chains:
  - {instance: local, finality: latest+2}
placement: {hypervisor: hyper, storage: store, ipv6: net6, default_image: debian-12}
timing: {undo_window_s: 0, poll_ms: 200}
)";

class Directory {
public:
    Directory() {
        char pattern[] = "/tmp/bh-config-XXXXXX";
        path_ = ::mkdtemp(pattern);
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream{path_ + "/" + name} << text;
        return path_ + "/" + name;
    }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

std::string message_of(const std::string& text) {
    const Directory directory;
    auto config = read_kernel_config(directory.write("kernel.yaml", text));
    REQUIRE_FALSE(config);
    return config.failure().message;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a configuration is read with its defaults") {
    const Directory directory;
    auto config = read_kernel_config(directory.write("kernel.yaml", kGood));
    REQUIRE(config);
    CHECK(config->paths.images == "/s/images");
    CHECK(config->engine.chains.at(0).finality.kind == bh::life::FinalityRule::Kind::depth);
    CHECK(config->engine.chains.at(0).finality.depth == 2);
    CHECK(config->engine.undo_window_ms == 0);
    CHECK(config->engine.poll_ms == 200);
    CHECK(config->engine.statement_lifetime_s == 900);
    CHECK(config->sockets.netd == "/r/netd/netd.sock");
}

TEST_CASE("an unknown key, a wrong type and a missing key are named with file and key") {
    CHECK(contains(message_of(kGood + "extra: 1\n"), "kernel.yaml: \"extra\" is not known"));
    CHECK(contains(message_of(replaced(kGood, "poll_ms: 200", "poll: 200")), "\"timing.poll\" is not known"));
    CHECK(contains(message_of(replaced(kGood, "poll_ms: 200", "poll_ms: soon")),
                   "\"timing.poll_ms\" must be a whole number"));
    CHECK(contains(message_of(replaced(kGood, "run: /r, ", "")), "\"paths.run\" is missing"));
    CHECK(contains(message_of(replaced(kGood, "/p}", "p}")), "\"paths.plugins\" must be an absolute path"));
    CHECK(contains(message_of(replaced(kGood, "latest+2", "soon")), "\"chains[0].finality\""));
    CHECK(contains(message_of(replaced(kGood, "name: host-1", "name: Host 1")), "\"host.name\" must be"));
}

TEST_CASE("YAML that could be read in two ways is refused") {
    CHECK(contains(parse_yaml("a: 1\na: 2\n", "f").failure().message, "f, line 2: has the key \"a\" twice"));
    CHECK(contains(parse_yaml("a: &x 1\nb: *x\n", "f").failure().message, "anchors"));
    CHECK(contains(parse_yaml("a: [1\n", "f").failure().message, "not valid YAML"));
    CHECK(contains(parse_yaml("a: 1\n---\nb: 2\n", "f").failure().message, "more than one document"));
    CHECK(parse_yaml("", "f").value() == nlohmann::json::object());
    CHECK(parse_yaml("a: \"1\"\nb: 1\nc: true\nd: 0x10\n", "f").value() ==
          nlohmann::json{{"a", "1"}, {"b", 1}, {"c", true}, {"d", "0x10"}});
}

TEST_CASE("a plugin instance is its file's name, and each mistake in it is named") {
    const Directory directory;
    const std::string good =
        "plugin: org.example.a\nkind: storage\nconfig: {x: 1}\ngrants: {services: [bh.svc.store/1]}\n";
    directory.write("disk.yaml", good);
    directory.write("notes.txt", "not read");
    auto plugins = read_plugin_configs(directory.path());
    REQUIRE(plugins);
    REQUIRE(plugins->size() == 1);
    CHECK(plugins->at(0).instance == "disk");
    CHECK(plugins->at(0).config == nlohmann::json{{"x", 1}});
    CHECK(plugins->at(0).grants.services == std::vector<std::string>{"bh.svc.store/1"});

    const std::string chains =
        "{services: [bh.svc.store/1], chains: {broker: {instance: local, contracts: [\"0xc0\"], submit: "
        "[\"0xa9059cbb\"]}}}";
    directory.write("disk.yaml", replaced(good, "{services: [bh.svc.store/1]}", chains));
    auto granted = read_plugin_configs(directory.path());
    REQUIRE(granted);
    CHECK(granted->at(0).grants.chains.at("broker").instance == "local");
    CHECK(granted->at(0).grants.chains.at("broker").contracts == std::vector<std::string>{"0xc0"});
    CHECK(granted->at(0).grants.chains.at("broker").submit == std::vector<std::string>{"0xa9059cbb"});
    const auto refused = [&](const std::string& from, const std::string& to, const char* what) {
        directory.write("disk.yaml", replaced(replaced(good, "{services: [bh.svc.store/1]}", chains), from, to));
        CHECK(contains(read_plugin_configs(directory.path()).failure().message, what));
    };
    refused("0xa9059cbb", "0xa9", "\"grants.chains.broker.submit\"");
    refused("0xa9059cbb", "transfer", "\"grants.chains.broker.submit\"");
    refused("instance: local, ", "", "\"grants.chains.broker.instance\"");
    refused("contracts:", "contract:", "\"grants.chains.broker.contract");

    directory.write("disk.yaml", replaced(good, "kind: storage", "kind: disk"));
    CHECK(contains(read_plugin_configs(directory.path()).failure().message,
                   "disk.yaml: \"kind\" must be chain, hypervisor"));
    directory.write("disk.yaml", replaced(good, "grants: {", "grants: {root: true, "));
    CHECK(contains(read_plugin_configs(directory.path()).failure().message, "\"grants.root\""));
    // Where pins were before they had a command of their own.
    directory.write("disk.yaml", good + "sha256: " + std::string(64, 'a') + "\n");
    CHECK(contains(read_plugin_configs(directory.path()).failure().message, "`blockhost plugin enable org.example.a`"));
}
