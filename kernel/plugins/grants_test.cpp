#include "kernel/plugins/grants.hpp"

#include <blockhost/svc/chain.h>
#include <blockhost/svc/connect.h>
#include <blockhost/svc/signer.h>
#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::plugins;
using nlohmann::json;

namespace {

struct Case {
    Case() {
        manifest.id = "org.example.a";
        manifest.services = {BH_SVC_CONNECT, BH_SVC_SIGNER};
        manifest.keys = {"agent"};
        manifest.secrets = {"token"};
        manifest.network = {"api.example.org:443", "/url", "/peers"};
        config.instance = "one";
    }
    Result<ServiceGrants> agree() const { return agree_grants(manifest, config, settings); }
    std::string refusal() const {
        const auto grants = agree();
        REQUIRE_FALSE(grants);
        CHECK(grants.failure().code == BH_E_INVALID);
        return grants.failure().message;
    }
    host::Manifest manifest;
    PluginConfig config;
    json settings = json::object();
};

}  // namespace

TEST_CASE_METHOD(Case, "what is granted is what an instance gets, and nothing is granted by asking") {
    CHECK(agree()->services.empty());
    config.grants.services = {BH_SVC_SIGNER};
    config.grants.keys = {"agent"};
    config.secrets["token"] = "/etc/token";
    const auto grants = agree();
    REQUIRE(grants);
    CHECK(grants->services == std::set<std::string>{BH_SVC_SIGNER});
    CHECK(grants->keys.contains("agent"));
    CHECK(grants->secrets.at("token") == "/etc/token");
    CHECK(grants->connect.empty());
}

TEST_CASE_METHOD(Case, "a grant that the plugin does not ask for is named") {
    config.grants.services = {"bh.svc.launch/1"};
    CHECK(refusal().find("one.yaml grants the service bh.svc.launch/1") != std::string::npos);
    config.grants.services.clear();
    config.grants.keys = {"statement"};
    CHECK(refusal().find("the key statement") != std::string::npos);
    config.grants.keys.clear();
    config.secrets["other"] = "/x";
    CHECK(refusal().find("the secret other") != std::string::npos);
}

TEST_CASE_METHOD(Case, "connections are granted row by row: those of the manifest and of settings that it points to") {
    config.grants.services = {BH_SVC_CONNECT};
    settings = {{"url", "https://node.example.org/key"}, {"peers", {"192.0.2.1:1", "[::1]:2"}}};
    config.grants.connect = {"api.example.org:443", "Node.example.org:443", "[::1]:2"};
    const auto grants = agree();
    REQUIRE(grants);
    CHECK(grants->connect.size() == 3);
    CHECK(grants->connect.contains(*parse_endpoint("node.example.org:443")));
    CHECK_FALSE(grants->connect.contains(*parse_endpoint("192.0.2.1:1")));

    config.grants.connect = {"api.example.org:444"};
    CHECK(refusal().find("a connection to api.example.org:444") != std::string::npos);
    config.grants.connect = {"api.example.org"};
    CHECK(refusal().find("grants.connect") != std::string::npos);
    config.grants.connect = {"api.example.org:443"};
    config.grants.services.clear();
    CHECK(refusal().find(BH_SVC_CONNECT) != std::string::npos);
}

TEST_CASE_METHOD(Case, "a plugin whose places a secret names asks for any, and gets those that the operator lists") {
    manifest.network = {"*"};
    config.grants.services = {BH_SVC_CONNECT};
    CHECK(agree()->connect.empty());
    config.grants.connect = {"node.example.org:443"};
    const auto grants = agree();
    REQUIRE(grants);
    CHECK(grants->connect == std::set<Endpoint>{*parse_endpoint("node.example.org:443")});
    config.grants.connect = {"*"};
    CHECK(refusal().find("grants.connect") != std::string::npos);
}

TEST_CASE_METHOD(Case, "settings that name no endpoint, and rows that are neither, are named") {
    config.grants.services = {BH_SVC_CONNECT};
    config.grants.connect = {"api.example.org:443"};
    settings = {{"url", "node"}};
    CHECK(refusal().find("config/url") != std::string::npos);
    settings = {{"url", ""}};
    CHECK(agree().ok());
    manifest.network = {"everywhere"};
    CHECK(refusal().find("network") != std::string::npos);
    manifest.network = {"/a~"};
    CHECK(refusal().find("JSON pointer") != std::string::npos);
}

TEST_CASE_METHOD(Case, "a chain is granted by the manifest's name, with what may be read and sent there") {
    manifest.services.emplace_back(BH_SVC_CHAIN);
    manifest.chains = {"broker"};
    config.grants.services = {BH_SVC_CHAIN};
    config.grants.chains["broker"] = {"local", {"0xc0"}, {"0xa9059cbb"}};
    const auto grants = agree();
    REQUIRE(grants);
    CHECK(grants->chains.at("broker").instance == "local");
    CHECK(grants->chains.at("broker").contracts == std::vector<std::string>{"0xc0"});
    CHECK(grants->chains.at("broker").submit == std::vector<Bytes>{{0xa9, 0x05, 0x9c, 0xbb}});
    config.grants.chains["broker"].instance = "one";
    CHECK(refusal().find("its own chain") != std::string::npos);
    config.grants.chains["broker"].instance = "local";
    config.grants.services.clear();
    CHECK(refusal().find(BH_SVC_CHAIN) != std::string::npos);
    config.grants.services = {BH_SVC_CHAIN};
    manifest.chains.clear();
    CHECK(refusal().find("the chain broker") != std::string::npos);
}
