// For the tests of this folder: a host's three directories with one plugin in it, and publishers with keys.
#pragma once

#include "kernel/trust/tool.hpp"
#include "kernel/trust/trust.hpp"
#include "plugin-api/host/fixtures/files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace bh::trust::testing {

using Catch::Matchers::ContainsSubstring;
using host::test::read_file;
using host::test::sha256_of;
using host::test::write_file;
using nlohmann::json;

inline constexpr const char* kId = "org.blockhost.fixture";

inline ToolAnswer keygen(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "/usr/bin/ssh-keygen");
    auto answer = run_tool({std::move(arguments), {}, {}});
    REQUIRE(answer);
    CAPTURE(answer->errors);
    REQUIRE(answer->exit_code == 0);
    return *answer;
}

// A key pair in a directory of its own.
class Publisher {
public:
    explicit Publisher(const std::string& type = "ed25519") {
        keygen({"-q", "-t", type, "-N", "", "-C", "", "-f", key()});
        public_key = read_file(key() + ".pub");
    }
    [[nodiscard]] std::string key() const { return (dir_.path() / "key").string(); }
    // The signature of a text, as the publisher makes it of his plugin.json.
    [[nodiscard]] std::string sign(const std::string& text, const std::string& name = "blockhost-plugin") const {
        const std::string path = (dir_.path() / "plugin.json").string();
        std::filesystem::remove(path + ".sig");
        write_file(path, text);
        keygen({"-q", "-Y", "sign", "-n", name, "-f", key(), path});
        return read_file(path + ".sig");
    }
    std::string public_key;  // one line

private:
    host::test::TempDir dir_;
};

class House {
public:
    House() {
        for (const char* name : {"plugins", "plugins.d", "trust"}) make_directory(path(name));
        make_directory(home());
        install(host::test::fixture("good"));
    }

    [[nodiscard]] std::string path(const std::string& name) const { return (dir_.path() / name).string(); }
    [[nodiscard]] std::string home() const { return path(std::string{"plugins/"} + kId); }
    [[nodiscard]] std::string record_file() const { return path(std::string{"plugins.d/"} + kId + ".json"); }
    [[nodiscard]] Trust trust() const {
        auto places = places_of(path("kernel.yaml"), {}, path("plugins"));
        places.owner = ::geteuid();
        return Trust{places};
    }

    void install(const std::string& library, const json& changes = json::object()) const {
        write_file(home() + "/plugin.so", library);
        json manifest = json::parse(R"({"version": "1.0.0", "title": "t", "description": "d", "licence": "Apache-2.0",
            "file": "plugin.so", "abi": {"major": 0, "draft": 1}, "interfaces": ["bh.ipv6/1"],
            "services": ["bh.svc.store/1"], "secrets": [], "keys": ["agent"], "threads": 0, "isolation": "either",
            "programs": [{"name": "ls", "kind": "tool", "commands": [["-l", "/.+"]]}], "network": ["api.example:443"],
            "paths": ["/path"], "config": {"type": "object"}})");
        manifest["id"] = kId;
        manifest["sha256"] = sha256_of(library);
        manifest.update(changes);
        write_file(home() + "/plugin.json", manifest.dump(2));
    }
    [[nodiscard]] std::string manifest() const { return read_file(home() + "/plugin.json"); }
    void put_signature(const std::string& signature) const { write_file(home() + "/plugin.json.sig", signature); }
    void trust_key(const std::string& name, const Publisher& publisher, const std::string& options = {}) const {
        write_private_file("trust/" + name + ".signers", name + " " + options + publisher.public_key);
    }
    void write_private_file(const std::string& name, const std::string& text) const {
        write_file(path(name), text);
        REQUIRE(::chmod(path(name).c_str(), 0644) == 0);
    }
    void came_with_the_package() const {
        write_private_file("plugins/SHA256SUMS", sha256_of(manifest()) + "  " + kId + "/plugin.json\n");
    }
    // As an operator who says yes.
    void enable() const {
        const auto found = trust().look(kId);
        REQUIRE(found);
        REQUIRE(trust().enable(found->record));
    }
    // Why the daemon would not load it; every refusal names plugin, step and file.
    [[nodiscard]] std::string refusal(const std::string& reason, const std::string& step,
                                      const std::string& file) const {
        const auto admitted = trust().admit(kId);
        REQUIRE_FALSE(admitted);
        CHECK(admitted.failure().reason == reason);
        CHECK_THAT(admitted.failure().message,
                   ContainsSubstring(std::string{"loading plugin "} + kId + ", step " + step + ", " + file + ": "));
        return admitted.failure().message;
    }
    [[nodiscard]] std::string refused_look(const std::string& reason) const {
        const auto found = trust().look(kId);
        REQUIRE_FALSE(found);
        CHECK(found.failure().reason == reason);
        return found.failure().message;
    }

private:
    static void make_directory(const std::string& directory) { REQUIRE(::mkdir(directory.c_str(), 0755) == 0); }
    host::test::TempDir dir_;
};

}  // namespace bh::trust::testing
