// The in-memory plugins of all four kinds (tests/plugins), loaded by the real registry into the process of a test, over
// state files of one directory: "chain.json", "hv.json", "st.json", "v6.json".
#pragma once

#include "kernel/plugins/registry.hpp"
#include "kernel/trust/trust.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>

namespace bh::life::testing {

// What the operator would enable, once, in the parent: the children load it as a daemon does.
class Enabled {
public:
    Enabled() {
        char pattern[] = "/tmp/bh-enabled-XXXXXX";
        if (::mkdtemp(pattern) == nullptr) throw std::runtime_error{"no temporary directory"};
        directory_ = pattern;
        trust::Places places = trust::places_of(directory_ + "/kernel.yaml", directory_, PLUGINS);
        places.owner = ::geteuid();
        trust_.emplace(std::move(places));
        for (const char* plugin : {"mem-chain", "mem-hypervisor", "mem-storage", "mem-ipv6"}) {
            const auto found = trust_->look(std::string{"org.blockhost."} + plugin);
            if (!found) throw std::runtime_error{found.failure().message};
            if (auto done = trust_->enable(found->record); !done) throw std::runtime_error{done.failure().message};
        }
    }
    Enabled(const Enabled&) = delete;
    Enabled& operator=(const Enabled&) = delete;
    ~Enabled() { std::filesystem::remove_all(directory_); }
    [[nodiscard]] const trust::Trust& trust() const { return *trust_; }

private:
    std::string directory_;
    std::optional<trust::Trust> trust_;
};

class Quiet final : public plugins::LogBackend {
public:
    [[nodiscard]] std::uint32_t min_level() const noexcept override { return 4; }
    void write(std::uint32_t, std::string_view, std::string_view, std::string_view) override {}
};

// The mem plugins keep everything in their files.
class NoStore final : public plugins::StoreBackend {
public:
    Result<Bytes> get(const std::string&, const std::string&) override {
        return Failure{BH_E_NOT_FOUND, "no_key", "no key", 0};
    }
    Status put(const std::string&, const std::vector<std::pair<std::string, Bytes>>&) override { return {}; }
    Result<Keys> list(const std::string&, const std::string&, const std::string&) override { return Keys{}; }
};

inline std::vector<PluginConfig> memory_plugins(const std::string& directory) {
    std::vector<PluginConfig> all;
    for (const auto& [instance, plugin, kind] :
         std::vector<std::array<std::string, 3>>{{"chain", "mem-chain", "chain"},
                                                 {"hv", "mem-hypervisor", "hypervisor"},
                                                 {"st", "mem-storage", "storage"},
                                                 {"v6", "mem-ipv6", "ipv6"}}) {
        PluginConfig config;
        config.instance = instance, config.plugin = "org.blockhost." + plugin, config.kind = kind;
        config.isolation = "inprocess";  // the process that is killed is the plugin's, too
        config.config = {{"state_file", directory + "/" + instance + ".json"}};
        all.push_back(std::move(config));
    }
    return all;
}

}  // namespace bh::life::testing
