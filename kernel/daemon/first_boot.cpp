#include "kernel/daemon/first_boot.hpp"

#include <algorithm>

namespace bh::daemon {
namespace {

// What the guest's parser takes: printable ASCII without quote and backslash, at most 256 characters.
bool fits(const std::string& value) {
    return value.size() <= 256 && std::all_of(value.begin(), value.end(),
                                              [](char c) { return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\'; });
}

class FirstBootData final : public life::FirstBootPort {
public:
    explicit FirstBootData(FirstBootSettings settings) : settings_{std::move(settings)} {}

    Result<FirstBoot> first_boot(const life::GuestFacts& facts) override {
        std::string resolvers;
        for (const auto& resolver : settings_.resolvers) resolvers += (resolvers.empty() ? "" : " ") + resolver;
        const std::pair<const char*, std::string> lines[] = {
            {"format", "1"},
            {"vm", facts.vm_id},
            {"hostname", facts.hostname},
            {"login_user", facts.login_user},
            {"chain", facts.chain},
            {"contract", facts.contract},
            {"credential", facts.credential},
            {"token", facts.token},
            {"statement_key", settings_.statement_key},
            {"seal_text", settings_.seal_text},
            {"mac", facts.mac},
            {"address", facts.address},
            {"gateway", facts.gateway},
            {"resolvers", resolvers},
        };
        std::string map = "#cloud-config\nblockhost:\n";
        for (const auto& [key, value] : lines) {
            if (!fits(value))
                return invalid("first_boot", std::string{"the first-boot value \""} + key +
                                                 "\" has a character that a guest does not take");
            if (!value.empty()) map += std::string{"  "} + key + ": \"" + value + "\"\n";
        }
        return FirstBoot{map, "instance-id: " + facts.vm_id + "\nlocal-hostname: " + facts.hostname + "\n",
                         network_config(facts)};
    }

private:
    std::string network_config(const life::GuestFacts& facts) const {
        std::string text = "version: 2\nethernets:\n  lan:\n    match: {macaddress: \"" + facts.mac +
                           "\"}\n    addresses: [\"" + facts.address +
                           "/128\"]\n    routes:\n      - {to: \"::/0\", via: \"" + facts.gateway +
                           "\", on-link: true}\n";
        if (settings_.resolvers.empty()) return text;
        text += "    nameservers:\n      addresses: [";
        for (std::size_t i = 0; i < settings_.resolvers.size(); ++i)
            text += (i == 0 ? "\"" : ", \"") + settings_.resolvers[i] + "\"";
        return text + "]\n";
    }

    FirstBootSettings settings_;
};

}  // namespace

std::unique_ptr<life::FirstBootPort> make_first_boot(FirstBootSettings settings) {
    return std::make_unique<FirstBootData>(std::move(settings));
}

}  // namespace bh::daemon
