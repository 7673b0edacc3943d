#include "plugin-api/host/manifest.hpp"

#include "plugin-api/host/fixtures/files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace bh::host;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

json good() {
    return json::parse(R"({
        "id": "org.example.thing", "version": "1.2.3", "title": "Thing", "description": "A thing.", "licence": "Apache-2.0",
        "file": "plugin.so", "sha256": "0000000000000000000000000000000000000000000000000000000000000000",
        "abi": {"major": 0, "draft": 1}, "interfaces": ["bh.storage/1"], "services": ["bh.svc.log/1"],
        "secrets": ["token"], "keys": ["agent"], "threads": 2, "isolation": "either", "network": ["api.example:443"],
        "programs": [{"name": "lvcreate", "kind": "tool", "commands": [["-L", "[0-9]+b"]]}, {"name": "vm", "kind": "unit"}],
        "paths": ["/path"], "config": {"type": "object", "properties": {}}})");
}

std::string why(const json& manifest) {
    const auto parsed = parse_manifest(manifest.dump(), "F");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.failure().code == BH_E_INVALID);
    return parsed.failure().message;
}

}  // namespace

TEST_CASE("a manifest is read") {
    const auto manifest = parse_manifest(good().dump(), "F");
    REQUIRE(manifest);
    CHECK(manifest->id == "org.example.thing");
    CHECK(manifest->abi.draft == 1);
    CHECK(manifest->programs.at(0).commands.at(0).at(1) == "[0-9]+b");
    CHECK(manifest->config["type"] == "object");
}

TEST_CASE("each key is needed, and each of a wrong type is named") {
    const json all = good();
    for (const auto& [key, value] : all.items()) {
        json less = good();
        less.erase(key);
        CHECK_THAT(why(less), ContainsSubstring("manifest F: /" + key + ": is missing"));
        json wrong = good();
        wrong[key] = 1.5;
        CHECK_THAT(why(wrong), ContainsSubstring("/" + key + ": must be"));
    }
}

TEST_CASE("what is not a key of a manifest is named") {
    json more = good();
    more["interface"] = "bh.storage/1";
    CHECK_THAT(why(more), ContainsSubstring("/interface: is not a key"));
}

TEST_CASE("values that can't be right are named") {
    const auto with = [](const char* pointer, json value) {
        json manifest = good();
        manifest[json::json_pointer{pointer}] = std::move(value);
        return why(manifest);
    };
    CHECK_THAT(with("/id", "Thing"), ContainsSubstring("/id: must be a reverse-DNS"));
    CHECK_THAT(with("/id", "org.example/../x"), ContainsSubstring("/id"));
    CHECK_THAT(with("/version", "1"), ContainsSubstring("/version"));
    CHECK_THAT(with("/file", "../plugin.so"), ContainsSubstring("/file: must be the name of a file beside"));
    CHECK_THAT(with("/sha256", ""), ContainsSubstring("/sha256: must be 64"));
    CHECK_THAT(with("/interfaces", json::array()), ContainsSubstring("/interfaces"));
    CHECK_THAT(with("/interfaces/0", "storage"), ContainsSubstring("/interfaces/0"));
    CHECK_THAT(with("/services/0", "log"), ContainsSubstring("/services/0"));
    CHECK_THAT(with("/keys/0", "../agent"), ContainsSubstring("/keys/0"));
    CHECK_THAT(with("/programs/0/kind", "daemon"), ContainsSubstring("/programs/0/kind: must be unit or tool"));
    CHECK_THAT(with("/programs/0/commands", json::array()), ContainsSubstring("/programs/0/commands"));
    CHECK_THAT(with("/isolation", "none"), ContainsSubstring("/isolation: must be process"));
    CHECK_THAT(with("/config", json{{"type", "array"}}), ContainsSubstring("/config"));
    CHECK_THAT(with("/abi/draft", -1), ContainsSubstring("/abi/draft: must be an integer"));
}

TEST_CASE("a manifest that is missing or no JSON names its file") {
    const bh::host::test::TempDir dir;
    CHECK_THAT(read_manifest(dir.path() / "none.json").failure().message,
               ContainsSubstring("none.json: can't be read"));
    bh::host::test::write_file(dir.path() / "bad.json", "{\"id\": ");
    CHECK_THAT(read_manifest(dir.path() / "bad.json").failure().message,
               ContainsSubstring("bad.json: the document is not valid JSON"));
}
