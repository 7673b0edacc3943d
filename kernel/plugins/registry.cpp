#include "kernel/plugins/registry.hpp"

#include "kernel/plugins/grants.hpp"
#include "kernel/plugins/verb.hpp"
#include "plugin-api/host/config_schema.hpp"
#include "plugin-api/host/loader.hpp"

#include <blockhost/kind/chain.h>
#include <blockhost/kind/hypervisor.h>
#include <blockhost/kind/ipv6.h>
#include <blockhost/kind/storage.h>
#include <blockhost/svc/store.h>
#include <blockhost/svc/wake.h>

#include <algorithm>
#include <chrono>

namespace bh::plugins {

struct Registry::Entry {
    PluginConfig config;
    trust::Record record;
    host::Manifest manifest;
    std::optional<host::SealedFile> file;  // of a plugin that its worker loads, again after each end
    std::string config_text;               // checked, with defaults
    std::unique_ptr<Services> services;
    std::unique_ptr<worker::Worker> worker;
    const bh_kernel* kernel = nullptr;  // what the plugin takes for it
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

template <class Port>
Status keep(Result<std::unique_ptr<Port>> made, std::unique_ptr<Port>& place) {
    if (!made) return made.failure();
    place = std::move(*made);
    return {};
}

}  // namespace

namespace {

// A plugin that allows both runs in a process of its own: that is what protects the kernel from it.
bool in_worker(const PluginConfig& config, const std::string& directory) {
    if (!config.isolation.empty()) return config.isolation == "process";
    const auto manifest = host::read_manifest(directory + "/plugin.json");
    return !manifest || manifest->isolation != "inprocess";
}

}  // namespace

// Loads the plugin into this process, or checks it for its worker.
Status Registry::take_plugin(Entry& entry, const host::LoadRequest& request) {
    if (!request.worker) {
        auto loaded = host::load(request);
        if (!loaded) return loaded.failure();
        entry.manifest = std::move(loaded->manifest);
        entry.instance.plugin = loaded->plugin;
        return {};
    }
    auto checked = host::check(request);
    if (!checked) return checked.failure();
    entry.manifest = std::move(checked->manifest);
    entry.file.emplace(std::move(checked->file));
    return {};
}

Status Registry::make_instance(Entry& entry, const ServiceBackends& backends, const std::set<std::string>& services) {
    auto& instance = entry.instance;
    entry.kernel = entry.services->kernel();
    const auto say = [log = backends.log, name = instance.name](std::uint32_t level, const std::string& message) {
        log->write(level, name, {}, message);
    };
    instance.warn = [say](const std::string& message) { say(BH_LOG_WARN, message); };
    if (!entry.file) {
        return run_verb(instance.name, [&](bh_error* err) {
            return instance.plugin->create(entry.kernel, text(entry.config_text), &instance.self, err);
        });
    }
    if (backends.workers == nullptr)
        return Failure{BH_E_UNSUPPORTED, "no_workers", "there is no launcher that starts workers"};
    worker::Greeting greeting{instance.name,
                              entry.manifest.id,
                              kKernelVersion,
                              entry.config_text,
                              entry.manifest.interfaces,
                              {services.begin(), services.end()},
                              backends.log->min_level()};
    for (const char* everybodys : {BH_SVC_STORE, BH_SVC_WAKE}) greeting.services.emplace_back(everybodys);  // as log is
    entry.worker =
        std::make_unique<worker::Worker>(std::move(greeting), entry.file->fd(), entry.kernel, *backends.workers, say);
    if (auto started = entry.worker->start(); !started) return started.failure();
    entry.kernel = entry.worker->handle();
    instance.plugin = entry.worker->plugin();
    instance.self = entry.worker->self();
    instance.promised = &entry.manifest.interfaces;
    return {};
}

Result<std::unique_ptr<Registry>> Registry::load(const trust::Trust& trust, const std::vector<PluginConfig>& configs,
                                                 ServiceBackends backends) {
    std::unique_ptr<Registry> registry{new Registry};
    registry->chain_instances_ = std::make_unique<ChainInstances>(*backends.store, backends.final_at);
    backends.chain = registry->chain_instances_.get();
    for (const auto& config : configs) {
        auto entry = std::make_unique<Entry>();
        entry->config = config;
        entry->instance.name = config.instance;
        const std::string where = "plugin instance " + config.instance;
        auto record = trust.admit(config.plugin);
        if (!record) return record.failure().within(where);
        entry->record = std::move(*record);
        const std::string home = trust.home(config.plugin);
        auto taken =
            take_plugin(*entry, {home, config.plugin, entry->record.sha256, kKernelVersion, interface_of(config.kind),
                                 in_worker(config, home), entry->record.manifest_sha256});
        if (!taken) return taken.failure().within(where);
        auto checked = host::check_config(entry->manifest.config, config.config);
        if (!checked) return checked.failure().within(where + ": config");
        entry->config_text = checked->dump();
        auto grants = agree_grants(entry->manifest, config, *checked);
        if (!grants) return grants.failure();
        const auto services = grants->services;
        entry->services = std::make_unique<Services>(config.instance, std::move(*grants), backends);
        if (auto created = make_instance(*entry, backends, services); !created)
            return created.failure().within(where + ": create");
        registry->entries_.push_back(std::move(entry));  // from here on the destructor ends it
        auto& made = *registry->entries_.back();
        const Status port = config.kind == "chain"        ? keep(make_chain_port(made.instance), made.chain)
                            : config.kind == "hypervisor" ? keep(make_hypervisor_port(made.instance), made.hypervisor)
                            : config.kind == "storage"    ? keep(make_storage_port(made.instance), made.storage)
                                                          : keep(make_ipv6_port(made.instance), made.ipv6);
        if (!port) return port.failure();
        if (made.chain) registry->chain_instances_->add(made.instance);
    }
    for (const auto& config : configs) {
        for (const auto& [name, chain] : config.grants.chains) {
            if (auto bad = registry->chain_instances_->usable(chain.instance); !bad)
                return bad.failure().within(config.instance + ".yaml: grants.chains." + name);
        }
    }
    return registry;
}

Registry::~Registry() {
    for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
        auto& instance = (*it)->instance;
        chain_instances_->remove(instance.name);  // whoever still uses it is told that it is gone
        bh_error error = empty_error();
        (void)instance.plugin->quiesce(instance.self, deadline_in(kQuiesce), &error);
        instance.plugin->destroy(instance.self);
        (*it)->worker.reset();
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
        all.push_back({entry->config.instance,
                       entry->config.kind,
                       entry->config.plugin,
                       entry->manifest.version,
                       entry->record.sha256,
                       trust::to_text(entry->record.basis),
                       entry->record.publisher,
                       trust::standing_warning(entry->record),
                       entry->worker ? "process" : "inprocess",
                       {},
                       entry->instance.blocked.rows()});
        if (!entry->worker) continue;
        all.back().state = entry->worker->state();
        all.back().blocked = all.back().state->blocked;
    }
    return all;
}

Status Registry::health(const std::string& instance) {
    auto* entry = find(instance);
    if (entry == nullptr) return unknown_instance(instance);
    return entry->instance.health();
}

bool Registry::forgive(const std::string& instance) {
    auto* entry = find(instance);
    return entry != nullptr && entry->worker && entry->worker->forgive();
}

Result<std::vector<Finding>> Registry::check(const std::string& instance) {
    auto* entry = find(instance);
    if (entry == nullptr) return unknown_instance(instance);
    return document_verb(instance, parse_findings, [&](bh_sink out, bh_error* err) {
        return entry->instance.plugin->check(entry->kernel, text(entry->config_text), deadline_in(kCheck), out, err);
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
