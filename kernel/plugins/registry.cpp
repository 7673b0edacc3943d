#include "kernel/plugins/registry.hpp"

#include "kernel/plugins/verb.hpp"
#include "plugin-api/host/config_schema.hpp"
#include "plugin-api/host/loader.hpp"

#include <blockhost/kind/chain.h>
#include <blockhost/kind/hypervisor.h>
#include <blockhost/kind/ipv6.h>
#include <blockhost/kind/storage.h>

#include <algorithm>
#include <chrono>

namespace bh::plugins {

struct Registry::Entry {
    PluginConfig config;
    host::LoadedPlugin loaded;
    std::string config_text;  // checked, with defaults
    std::unique_ptr<Services> services;
    Instance instance;
    std::unique_ptr<life::ChainPort> chain;
    std::unique_ptr<life::HypervisorPort> hypervisor;
    std::unique_ptr<life::StoragePort> storage;
    std::unique_ptr<life::Ipv6Port> ipv6;
};

namespace {

constexpr const char* kKernelVersion = "0.1.0";
constexpr std::chrono::seconds kQuiesce{30};
constexpr std::chrono::seconds kCheck{20};

std::string interface_of(const std::string& kind) {
    if (kind == "chain") return BH_CHAIN;
    if (kind == "hypervisor") return BH_HYPERVISOR;
    if (kind == "storage") return BH_STORAGE;
    return BH_IPV6;
}

std::uint64_t deadline_in(std::chrono::nanoseconds span) {
    return static_cast<std::uint64_t>((std::chrono::steady_clock::now().time_since_epoch() + span).count());
}

template <class List>
bool has(const List& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

// What the manifest asks for and the operator granted. A grant that the manifest does not ask for is a mistake in the
// file, and named.
Result<ServiceGrants> agree(const host::Manifest& manifest, const PluginConfig& config) {
    const auto refuse = [&](const std::string& what) {
        return invalid("grant", config.instance + ".yaml grants " + what + ", which the plugin " + manifest.id +
                                    " does not ask for: remove the grant");
    };
    ServiceGrants grants;
    for (const auto& service : config.grants.services) {
        if (!has(manifest.services, service)) return refuse("the service " + service);
        grants.services.insert(service);
    }
    for (const auto& key : config.grants.keys) {
        if (!has(manifest.keys, key)) return refuse("the key " + key);
        grants.keys.insert(key);
    }
    for (const auto& [name, file] : config.secrets) {
        if (!has(manifest.secrets, name)) return refuse("the secret " + name);
        grants.secrets[name] = file;
    }
    return grants;
}

template <class Port>
Status keep(Result<std::unique_ptr<Port>> made, std::unique_ptr<Port>& place) {
    if (!made) return made.failure();
    place = std::move(*made);
    return {};
}

}  // namespace

Result<std::unique_ptr<Registry>> Registry::load(const std::string& directory, const std::vector<PluginConfig>& configs,
                                                 ServiceBackends backends) {
    std::unique_ptr<Registry> registry{new Registry};
    for (const auto& config : configs) {
        auto entry = std::make_unique<Entry>();
        entry->config = config;
        const std::string where = "plugin instance " + config.instance;
        auto loaded = host::load(
            {directory + "/" + config.plugin, config.plugin, config.sha256, kKernelVersion, interface_of(config.kind)});
        if (!loaded) return loaded.failure().within(where);
        entry->loaded = std::move(*loaded);
        auto checked = host::check_config(entry->loaded.manifest.config, config.config);
        if (!checked) return checked.failure().within(where + ": config");
        entry->config_text = checked->dump();
        auto grants = agree(entry->loaded.manifest, config);
        if (!grants) return grants.failure();
        entry->services = std::make_unique<Services>(config.instance, std::move(*grants), backends);

        auto& instance = entry->instance;
        instance.name = config.instance;
        instance.plugin = entry->loaded.plugin;
        const auto created = run_verb(config.instance, [&](bh_error* err) {
            return instance.plugin->create(entry->services->kernel(), text(entry->config_text), &instance.self, err);
        });
        if (!created) return created.failure().within(where + ": create");
        registry->entries_.push_back(std::move(entry));  // from here on the destructor ends it
        auto& made = *registry->entries_.back();
        const Status port = config.kind == "chain"        ? keep(make_chain_port(made.instance), made.chain)
                            : config.kind == "hypervisor" ? keep(make_hypervisor_port(made.instance), made.hypervisor)
                            : config.kind == "storage"    ? keep(make_storage_port(made.instance), made.storage)
                                                          : keep(make_ipv6_port(made.instance), made.ipv6);
        if (!port) return port.failure();
    }
    return registry;
}

Registry::~Registry() {
    for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
        auto& instance = (*it)->instance;
        bh_error error = empty_error();
        (void)instance.plugin->quiesce(instance.self, deadline_in(kQuiesce), &error);
        instance.plugin->destroy(instance.self);
    }
}

Registry::Entry* Registry::find(const std::string& instance) const {
    const auto it = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const auto& entry) { return entry->config.instance == instance; });
    return it == entries_.end() ? nullptr : it->get();
}

namespace {

template <class Port, class Entries, class Member>
std::map<std::string, Port*> ports_of(const Entries& entries, Member member) {
    std::map<std::string, Port*> ports;
    for (const auto& entry : entries) {
        if (Port* port = ((*entry).*member).get(); port != nullptr) ports[entry->config.instance] = port;
    }
    return ports;
}

Failure unknown_instance(const std::string& instance) {
    return {BH_E_NOT_FOUND, "no_instance", "there is no plugin instance \"" + instance + "\""};
}

}  // namespace

std::map<std::string, life::ChainPort*> Registry::chains() const {
    return ports_of<life::ChainPort>(entries_, &Entry::chain);
}
std::map<std::string, life::HypervisorPort*> Registry::hypervisors() const {
    return ports_of<life::HypervisorPort>(entries_, &Entry::hypervisor);
}
std::map<std::string, life::StoragePort*> Registry::storages() const {
    return ports_of<life::StoragePort>(entries_, &Entry::storage);
}
std::map<std::string, life::Ipv6Port*> Registry::ipv6() const {
    return ports_of<life::Ipv6Port>(entries_, &Entry::ipv6);
}

std::vector<Registry::Info> Registry::list() const {
    std::vector<Info> all;
    all.reserve(entries_.size());
    for (const auto& entry : entries_) {
        all.push_back({entry->config.instance, entry->config.kind, entry->config.plugin, entry->loaded.manifest.version,
                       entry->config.sha256});
    }
    return all;
}

Status Registry::health(const std::string& instance) {
    auto* entry = find(instance);
    if (entry == nullptr) return unknown_instance(instance);
    return entry->instance.health();
}

Result<std::vector<Finding>> Registry::check(const std::string& instance) {
    auto* entry = find(instance);
    if (entry == nullptr) return unknown_instance(instance);
    return document_verb(instance, parse_findings, [&](bh_sink out, bh_error* err) {
        return entry->instance.plugin->check(entry->services->kernel(), text(entry->config_text), deadline_in(kCheck),
                                             out, err);
    });
}

Result<Console> Registry::open_console(const std::string& instance, const std::string& vm) {
    auto* entry = find(instance);
    if (entry == nullptr) return unknown_instance(instance);
    auto port = make_console_port(entry->instance);
    if (!port) return port.failure();
    life::Call call;
    call.op_id = "console";
    call.deadline_ns = deadline_in(kCheck);
    return (*port)->open(call, vm);
}

}  // namespace bh::plugins
