// The plugin as it is installed: manifest, schema and shared object, through the real loader.
#include "plugin-api/host/config_schema.hpp"
#include "plugin-api/host/loader.hpp"
#include "plugin-api/sdk/cpp/boundary.hpp"
#include "tests/chain-evm/kernel_double.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using bh::evm::test::KernelDouble;
using nlohmann::json;

namespace {

json good() {
    return {{"chain", "devnet"},
            {"endpoints", json::array({{{"url", "http://127.0.0.1:8545"}}})},
            {"contract", "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"},
            {"credential", "0x5FbDB2315678afecb367f032d93F642f64180aa3"}};
}

host::LoadedPlugin load() {
    const auto manifest = host::read_manifest(PLUGIN_DIRECTORY "/plugin.json");
    INFO((manifest ? "" : manifest.failure().message));
    REQUIRE(manifest.ok());
    const auto loaded = host::load({PLUGIN_DIRECTORY, manifest->id, manifest->sha256, "0.1.0", BH_CHAIN});
    INFO((loaded ? "" : loaded.failure().message));
    REQUIRE(loaded.ok());
    return *loaded;
}

}  // namespace

TEST_CASE("the shared object loads, and an instance answers without a network") {
    const host::LoadedPlugin loaded = load();
    KernelDouble kernel;
    const auto config = host::check_config(loaded.manifest.config, good());
    REQUIRE(config.ok());
    const std::string text = config->dump();
    bh_instance* instance = nullptr;
    sdk::Error error;
    REQUIRE(loaded.plugin->create(kernel.kernel(), sdk::str(text), &instance, error.out()) == BH_OK);
    const auto& chain = *static_cast<const bh_chain*>(loaded.plugin->query(BH_CHAIN));
    sdk::Collector out;
    CHECK(chain.describe(instance, out.sink(), error.out()) == BH_OK);
    CHECK(out.text().find("eip155:31337") != std::string::npos);
    CHECK(loaded.plugin->query("bh.storage/1") == nullptr);
    loaded.plugin->destroy(instance);
}

TEST_CASE("the schema refuses what the plugin could not use, and names it") {
    const host::LoadedPlugin loaded = load();
    const auto refusal = [&](auto&& change) {
        json config = good();
        change(config);
        const auto out = host::check_config(loaded.manifest.config, config);
        return out ? std::string{} : out.failure().message;
    };
    CHECK(refusal([](json&) {}).empty());
    CHECK(refusal([](json& c) { c["colour"] = 1; }).find("colour") != std::string::npos);
    CHECK(refusal([](json& c) { c["timeout_s"] = "ten"; }).find("timeout_s") != std::string::npos);
    CHECK(refusal([](json& c) { c["chain"] = "moon"; }).find("chain") != std::string::npos);
    CHECK(refusal([](json& c) { c["contract"] = "0x12"; }).find("contract") != std::string::npos);
    CHECK(refusal([](json& c) { c["endpoints"] = json::array(); }).find("endpoints") != std::string::npos);
    CHECK(refusal([](json& c) { c["endpoints"][0]["port"] = 1; }).find("port") != std::string::npos);
    CHECK(refusal([](json& c) { c["final_depth"] = 512; }).find("final_depth") != std::string::npos);
    CHECK_FALSE(refusal([](json& c) { c.erase("contract"); }).empty());
}
