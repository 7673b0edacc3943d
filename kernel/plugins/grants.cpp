#include "kernel/plugins/grants.hpp"

#include "plugin-api/crypto/bytes.hpp"

#include <blockhost/svc/chain.h>
#include <blockhost/svc/connect.h>

#include <algorithm>

namespace bh::plugins {
namespace {

using nlohmann::json;

// A row of the manifest's "network": whatever the operator lists, for what only a secret of his names.
constexpr const char* kAnywhere = "*";

template <class List>
bool has(const List& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

class Agreement {
public:
    Agreement(const host::Manifest& manifest, const PluginConfig& config) : manifest_{manifest}, config_{config} {}

    Result<ServiceGrants> make(const json& settings) {
        for (const auto& service : config_.grants.services) {
            if (!has(manifest_.services, service)) return not_asked("the service " + service);
            grants_.services.insert(service);
        }
        for (const auto& key : config_.grants.keys) {
            if (!has(manifest_.keys, key)) return not_asked("the key " + key);
            grants_.keys.insert(key);
        }
        for (const auto& [name, file] : config_.secrets) {
            if (!has(manifest_.secrets, name)) return not_asked("the secret " + name);
            grants_.secrets[name] = file;
        }
        if (auto done = connections(settings); !done) return done.failure();
        if (auto done = chains(); !done) return done.failure();
        return std::move(grants_);
    }

private:
    Failure refused(const std::string& what) const { return invalid("grant", config_.instance + ".yaml " + what); }
    Failure not_asked(const std::string& what) const {
        return refused("grants " + what + ", which the plugin " + manifest_.id + " does not ask for: remove the grant");
    }

    Status connections(const json& settings) {
        if (config_.grants.connect.empty()) return {};
        if (!grants_.services.contains(BH_SVC_CONNECT)) {
            return refused("lists grants.connect without the service that makes connections: add " +
                           std::string{BH_SVC_CONNECT} + " to grants.services");
        }
        const bool anywhere = has(manifest_.network, std::string{kAnywhere});
        const auto asked = asked_endpoints(settings);
        if (!asked) return asked.failure();
        for (const auto& text : config_.grants.connect) {
            const auto endpoint = parse_endpoint(text);
            if (!endpoint) return endpoint.failure().within(config_.instance + ".yaml: grants.connect");
            if (!anywhere && !asked->contains(*endpoint)) return not_asked("a connection to " + endpoint->text());
            grants_.connect.insert(*endpoint);
        }
        return {};
    }

    Status chains() {
        if (config_.grants.chains.empty()) return {};
        if (!grants_.services.contains(BH_SVC_CHAIN)) {
            return refused("lists grants.chains without the service that uses them: add " + std::string{BH_SVC_CHAIN} +
                           " to grants.services");
        }
        for (const auto& [name, chain] : config_.grants.chains) {
            if (!has(manifest_.chains, name)) return not_asked("the chain " + name);
            if (chain.instance == config_.instance) return refused("gives the instance its own chain as " + name);
            ChainGrant grant{chain.instance, chain.contracts, {}};
            for (const auto& prefix : chain.submit) {
                auto bytes = crypto::parse_hex(prefix);
                if (!bytes) return bytes.failure().within(config_.instance + ".yaml: grants.chains." + name);
                grant.submit.push_back(std::move(*bytes));
            }
            grants_.chains[name] = std::move(grant);
        }
        return {};
    }

    // Rows of the manifest's "network": endpoints, or JSON pointers to settings that name them.
    Result<std::set<Endpoint>> asked_endpoints(const json& settings) const {
        std::set<Endpoint> asked;
        for (const auto& row : manifest_.network) {
            if (row == kAnywhere) continue;
            if (!row.starts_with('/')) {
                const auto endpoint = parse_endpoint(row);
                if (!endpoint) return endpoint.failure().within("the manifest of " + manifest_.id + ": network");
                asked.insert(*endpoint);
                continue;
            }
            if (auto done = add_settings(row, settings, asked); !done) return done.failure();
        }
        return asked;
    }

    Status add_settings(const std::string& row, const json& settings, std::set<Endpoint>& asked) const {
        json::json_pointer pointer;
        try {
            pointer = json::json_pointer{row};
        } catch (const json::exception&) {
            return invalid("grant", "the manifest of " + manifest_.id + ": network has the row " + row +
                                        ", which is neither host:port nor a JSON pointer");
        }
        if (!settings.contains(pointer)) return {};  // a setting that was left out names nothing
        const json& value = settings.at(pointer);
        const json one = json::array({value});
        for (const json& item : value.is_array() ? value : one) {
            if (!item.is_string() || item.get_ref<const std::string&>().empty()) continue;
            const auto endpoint = endpoint_of_setting(item.get_ref<const std::string&>());
            if (!endpoint) return endpoint.failure().within(config_.instance + ".yaml: config" + row);
            asked.insert(*endpoint);
        }
        return {};
    }

    const host::Manifest& manifest_;
    const PluginConfig& config_;
    ServiceGrants grants_;
};

}  // namespace

Result<ServiceGrants> agree_grants(const host::Manifest& manifest, const PluginConfig& config, const json& settings) {
    return Agreement{manifest, config}.make(settings);
}

}  // namespace bh::plugins
