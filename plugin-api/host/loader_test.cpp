// Each way in which a plugin file can be bad, and that nothing of it runs before it was found good.
#include "plugin-api/host/loader.hpp"

#include "plugin-api/host/fixtures/files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <elf.h>

#include <algorithm>
#include <cstring>

using namespace bh::host;
using namespace bh::host::test;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

constexpr const char* kId = "org.blockhost.fixture";

// A folder with plugin.json and plugin.so, and the request to load it.
struct Installed {
    TempDir dir;
    LoadRequest request;

    explicit Installed(const std::string& library, const std::string& id = kId) {
        request.directory = dir.path();
        request.id = id;
        request.kernel_version = "1.0.0";
        install(library);
    }
    void install(const std::string& library) {
        request.sha256 = sha256_of(library);
        write_file(dir.path() / "plugin.so", library);
        manifest(json::object());
    }
    void manifest(const json& changes) {
        json text = json::parse(R"({"version": "1.0.0", "title": "t", "description": "d", "licence": "Apache-2.0",
            "file": "plugin.so", "abi": {"major": 0, "draft": 1}, "interfaces": ["bh.ipv6/1"], "services": [], "secrets": [],
            "keys": [], "programs": [], "threads": 0, "isolation": "either", "network": [], "paths": [],
            "config": {"type": "object"}})");
        text["id"] = request.id;
        text["sha256"] = request.sha256;
        text.update(changes);
        write_file(dir.path() / "plugin.json", text.dump());
    }
    // The failure's sentence; every one names the plugin, the step and the file.
    std::string why(const std::string& reason, const std::string& step) {
        const auto loaded = load(request);
        REQUIRE_FALSE(loaded);
        CHECK(loaded.failure().reason == reason);
        CHECK_THAT(loaded.failure().message, ContainsSubstring("loading plugin " + request.id + ", step " + step +
                                                               ", " + dir.path().string() + "/plugin."));
        return loaded.failure().message;
    }
};

std::string patched(std::string file, std::size_t offset, std::uint16_t value) {
    std::memcpy(file.data() + offset, &value, sizeof value);
    return file;
}

// Where the last byte ends that the dynamic loader maps. What follows (debug information, section headers) may be
// missing.
std::size_t end_of_segments(const std::string& file) {
    Elf64_Ehdr header{};
    std::memcpy(&header, file.data(), sizeof header);
    std::size_t end = 0;
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment{};
        std::memcpy(&segment, file.data() + header.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD) end = std::max<std::size_t>(end, segment.p_offset + segment.p_filesz);
    }
    return end;
}

}  // namespace

TEST_CASE("a good plugin loads, and its functions can be called") {
    Installed good{fixture("good")};
    good.request.interface = "bh.ipv6/1";
    const auto loaded = load(good.request);
    REQUIRE(loaded);
    CHECK(loaded->manifest.id == kId);
    CHECK(loaded->plugin->query("bh.ipv6/1") != nullptr);
    CHECK(loaded->plugin->query("bh.chain/1") == nullptr);
    bh_instance* instance = nullptr;
    REQUIRE(loaded->plugin->create(nullptr, {}, &instance, nullptr) == BH_OK);
    loaded->plugin->destroy(instance);
}

TEST_CASE("two plugins loaded one after the other are two") {
    const auto first = load(Installed{fixture("good")}.request);
    const auto second = load(Installed{fixture("other-good"), "org.blockhost.other"}.request);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->plugin != second->plugin);
}

TEST_CASE("two instances of one plugin share its code, under the same checks") {
    Installed here{fixture("good")}, there{fixture("good")};
    const auto first = load(here.request);
    const auto second = load(there.request);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->plugin == second->plugin);
    there.manifest({{"interfaces", {"bh.ipv6/1", "bh.storage/1"}}});
    there.why("missing_interface", "load");
}

TEST_CASE("a stripped plugin and one with forged section headers load") {
    CHECK(load(Installed{fixture("stripped")}.request));
    std::string forged = patched(fixture("good"), offsetof(Elf64_Ehdr, e_shnum), 0xfffe);
    const std::uint64_t nowhere = UINT64_MAX - 63;
    std::memcpy(forged.data() + offsetof(Elf64_Ehdr, e_shoff), &nowhere, sizeof nowhere);
    CHECK(load(Installed{forged}.request));
}

TEST_CASE("a missing file is named") {
    Installed gone{fixture("good")};
    std::filesystem::remove(gone.dir.path() / "plugin.so");
    CHECK_THAT(gone.why("plugin_file", "file"),
               ContainsSubstring("No such file") && ContainsSubstring("install the plugin again"));
    std::filesystem::remove(gone.dir.path() / "plugin.json");
    CHECK_THAT(gone.why("no_manifest", "manifest"), ContainsSubstring("can't be read"));
}

TEST_CASE("a truncated file is refused by its hash, and by its tables if somebody pinned it so") {
    const std::string whole = fixture("good");
    const std::size_t end = end_of_segments(whole);
    REQUIRE(end > 1000);
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{40}, std::size_t{64}, std::size_t{500}, end / 2, end - 1}) {
        CAPTURE(size);
        Installed cut{whole};
        write_file(cut.dir.path() / "plugin.so", whole.substr(0, size));
        cut.why("wrong_hash", "hash");
        cut.install(whole.substr(0, size));
        const auto loaded = load(cut.request);
        REQUIRE_FALSE(loaded);
        CHECK_THAT(loaded.failure().message, ContainsSubstring("step symbols"));
    }
    Installed empty{whole};
    write_file(empty.dir.path() / "plugin.so", "");
    empty.why("plugin_file", "file");
}

TEST_CASE("a plugin of another machine is refused with both machines named") {
    Installed other{patched(fixture("good"), offsetof(Elf64_Ehdr, e_machine), EM_PPC64)};
    CHECK_THAT(other.why("wrong_machine", "symbols"), ContainsSubstring("ELF machine 21"));
}

TEST_CASE("a plugin that exports too much or no entry is refused before any of its code runs") {
    const TempDir dir;
    const std::string mark = dir.path() / "mark";
    ::setenv("BH_FIXTURE_MARK", mark.c_str(), 1);
    CHECK_THAT(Installed{fixture("two-symbols")}.why("exports_too_much", "symbols"),
               ContainsSubstring("another_symbol") && ContainsSubstring("plugin.map"));
    CHECK_THAT(Installed{fixture("no-entry")}.why("no_entry", "symbols"), ContainsSubstring("bh_plugin_entry_v0"));
    Installed{fixture("deletable")}.why("wrong_linkage", "symbols");
    Installed wrong_pin{fixture("good")};
    wrong_pin.request.sha256 = std::string(64, '0');
    wrong_pin.why("wrong_hash", "hash");
    CHECK_FALSE(std::filesystem::exists(mark));
    // Bytes behind the library make it another file, which no other test has loaded.
    CHECK(load(Installed{fixture("good") + "marked"}.request));
    CHECK(std::filesystem::exists(mark));
    ::unsetenv("BH_FIXTURE_MARK");
}

TEST_CASE("a hash that is not pinned, or not the manifest's, is refused with the remedy") {
    Installed plugin{fixture("good")};
    const std::string hash = plugin.request.sha256;
    plugin.request.sha256.clear();
    CHECK_THAT(plugin.why("no_pin", "hash"),
               ContainsSubstring("its SHA-256 is " + hash) && ContainsSubstring("blockhost plugin enable"));
    plugin.request.sha256 = hash;
    plugin.manifest({{"sha256", std::string(64, 'a')}});
    CHECK_THAT(plugin.why("wrong_hash", "hash"), ContainsSubstring("its manifest says"));
}

TEST_CASE("a manifest that is not the pinned one is refused, whatever it says") {
    Installed plugin{fixture("good")};
    const auto path = plugin.dir.path() / "plugin.json";
    plugin.request.manifest_sha256 = sha256_of(read_file(path));
    CHECK(load(plugin.request));
    write_file(path, read_file(path) + " ");
    CHECK_THAT(plugin.why("wrong_hash", "manifest"),
               ContainsSubstring("you pinned " + plugin.request.manifest_sha256) &&
                   ContainsSubstring(std::string{"blockhost plugin enable "} + kId));
    write_file(path, "no manifest at all");
    plugin.why("wrong_hash", "manifest");
}

TEST_CASE("another draft is refused, said by the manifest or by the plugin") {
    Installed manifest{fixture("good")};
    manifest.manifest({{"abi", {{"major", 0}, {"draft", 2}}}});
    CHECK_THAT(manifest.why("other_abi", "manifest"), ContainsSubstring("draft 2"));
    manifest.manifest({{"abi", {{"major", 1}, {"draft", 1}}}});
    manifest.why("other_abi", "manifest");
    Installed{fixture("wrong-draft")}.why("other_abi", "load");
}

TEST_CASE("another id is refused, said by the manifest or by the plugin") {
    Installed manifest{fixture("good")};
    manifest.manifest({{"id", "org.example.other"}});
    CHECK_THAT(manifest.why("wrong_id", "manifest"), ContainsSubstring("org.example.other"));
    CHECK_THAT(Installed{fixture("wrong-id")}.why("wrong_id", "load"), ContainsSubstring("org.blockhost.impostor"));
}

TEST_CASE("a plugin that refuses, or lacks what it promises, is refused") {
    CHECK_THAT(Installed{fixture("null-entry")}.why("entry_refused", "load"),
               ContainsSubstring("this fixture never works"));
    Installed{fixture("null-member")}.why("null_member", "load");
    Installed{fixture("short-table")}.why("short_table", "load");
    CHECK_THAT(Installed{fixture("no-interface")}.why("missing_interface", "load"), ContainsSubstring("bh.ipv6/1"));
}

TEST_CASE("the wrong kind and a plugin that wants a process of its own are refused") {
    Installed plugin{fixture("good")};
    plugin.request.interface = "bh.storage/1";
    CHECK_THAT(plugin.why("wrong_kind", "manifest"), ContainsSubstring("bh.storage/1"));
    plugin.request.interface.clear();
    plugin.manifest({{"isolation", "process"}});
    plugin.why("isolation", "manifest");
}

TEST_CASE("a file that is no library is refused") {
    Installed{"#!/bin/sh\nexit 0\n"}.why("not_elf", "symbols");
    Installed directory{fixture("good")};
    std::filesystem::remove(directory.dir.path() / "plugin.so");
    std::filesystem::create_directory(directory.dir.path() / "plugin.so");
    directory.why("plugin_file", "file");
}
