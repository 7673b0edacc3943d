#include "kernel/daemon/host.hpp"

#include "kernel/daemon/first_boot.hpp"
#include "kernel/daemon/network_port.hpp"
#include "kernel/daemon/service_backends.hpp"
#include "kernel/daemon/signer_ports.hpp"
#include "kernel/daemon/system_ports.hpp"
#include "kernel/grants/port.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/plugins/tcp_connect.hpp"

#include <sys/stat.h>

#include <filesystem>

namespace bh::daemon {
namespace {

// Verbs of different instances run in parallel, and the engine limits each instance by itself.
constexpr std::size_t kWorkers = 16;

template <class Ports>
Status must_have(const Ports& ports, const std::string& instance, const char* key, const char* kind) {
    if (ports.contains(instance)) return {};
    return invalid("bad_config", std::string{"kernel.yaml: \""} + key + "\" names \"" + instance +
                                     "\", but no file in plugins.d makes a " + kind + " instance of that name");
}

}  // namespace

Host::Host(KernelConfig config, Log& log, life::Boundaries& boundaries)
    : config_{std::move(config)},
      log_{log},
      boundaries_{boundaries},
      signer_{config_.sockets.signer},
      netd_{config_.sockets.netd},
      launcher_{config_.sockets.launch},
      clock_{make_system_clock()} {}

Host::~Host() = default;

Result<std::unique_ptr<Host>> Host::make(KernelConfig config, const std::vector<PluginConfig>& plugins,
                                         const trust::Trust& trust, Log& log, life::Boundaries& boundaries) {
    std::unique_ptr<Host> host{new Host{std::move(config), log, boundaries}};
    if (auto opened = host->open(plugins, trust); !opened) return opened.failure();
    return host;
}

Status Host::open(const std::vector<PluginConfig>& plugins, const trust::Trust& trust) {
    started_ms_ = clock_->unix_ms();
    std::error_code error;
    std::filesystem::create_directories(config_.paths.state, error);
    // The journal is the daemon's alone; SQLite gives its side files the mode of the database.
    const mode_t before = ::umask(0077);
    auto journal = life::Journal::open(config_.paths.state + "/journal.db", [this] { return clock_->unix_ms(); });
    ::umask(before);
    if (!journal) return journal.failure();
    journal_ = std::move(*journal);
    journal_->set_on_trouble([this](const Status& written) {
        if (written) {
            log_.info("the journal can be written again");
        } else {
            log_.error(written.failure().message);
        }
    });

    // Beside the journal: when that is lost, granted VMs are derived from the book as bought ones from their chain.
    auto book = grants::Book::open(config_.paths.state + "/grants.jsonl", *clock_);
    if (!book) return book.failure();
    book_ = std::move(*book);
    granted_ = grants::make_port(*book_);

    const auto statement_key = signer_.public_key("statement");
    if (!statement_key) return statement_key.failure();

    store_ = make_store_backend(*journal_);
    signing_ = make_signer_backend(signer_);
    launching_ = make_launch_backend(*journal_, config_.sockets.launch, config_.paths.run);
    workers_ = make_worker_starter(config_.sockets.launch);
    connecting_ = plugins::make_connect_backend();
    const plugins::ServiceBackends backends{&log_,
                                            store_.get(),
                                            signing_.get(),
                                            launching_.get(),
                                            workers_.get(),
                                            connecting_.get(),
                                            nullptr,
                                            [this](const std::string& instance) { return final_of(instance); },
                                            [this](const std::string& instance) { wakes_.ask(instance); }};
    auto registry = plugins::Registry::load(trust, plugins, backends);
    if (!registry) return registry.failure();
    registry_ = std::move(*registry);
    for (const auto& info : registry_->list())
        if (!info.warning.empty()) log_.write(BH_LOG_WARN, info.instance, {}, info.warning);

    network_ = make_network_port(config_.sockets.netd);
    vault_ = make_vault(signer_);
    seal_ = make_seal(signer_, config_.host.seal_text);
    reach_ = make_tcp_reach();
    images_ = make_image_directory(config_.paths.images);
    first_boot_ = make_first_boot({hex_from_bytes(statement_key->key), config_.host.seal_text, config_.host.resolvers});
    ports_ = std::make_unique<life::Ports>(life::Ports{*clock_, registry_->chains(), registry_->hypervisors(),
                                                       registry_->storages(), registry_->ipv6(), *network_, *vault_,
                                                       *seal_, *reach_, *images_, *first_boot_, boundaries_, &wakes_});
    if (!ports_->chains.emplace(grants::kInstance, granted_.get()).second) {
        return invalid("bad_config", std::string{"plugins.d/"} + grants::kInstance +
                                         ".yaml: the host's own granted VMs have this name; give the instance another");
    }
    const life::EngineConfig paid = config_.engine;  // without the book: nobody pays there
    config_.engine.chains.push_back({grants::kInstance, {life::FinalityRule::Kind::depth, 0}, {}, 0});
    for (const auto& chain : config_.engine.chains) {
        if (auto bad = must_have(ports_->chains, chain.instance, "chains", "chain"); !bad) return bad;
    }
    if (auto bad = must_have(ports_->hypervisors, config_.engine.hypervisor, "placement.hypervisor", "hypervisor");
        !bad)
        return bad;
    if (auto bad = must_have(ports_->storages, config_.engine.storage, "placement.storage", "storage"); !bad)
        return bad;
    if (auto bad = must_have(ports_->ipv6, config_.engine.ipv6, "placement.ipv6", "ipv6"); !bad) return bad;

    executor_ = life::make_thread_pool(kWorkers);
    engine_ = std::make_unique<life::Engine>(*journal_, *ports_, config_.engine, *executor_);
    operator_ = std::make_unique<life::Operator>(*journal_, *engine_, config_.engine, *ports_);
    reseals_ = std::make_unique<reseal::Reseals>(*journal_, *ports_, config_.engine,
                                                 [this] { return !engine_->recovering(); });
    funds_ = std::make_unique<funds::Keeper>(*journal_, *ports_, config_.funds, paid,
                                             [this] { return engine_->recovering(); });
    return {};
}

Position Host::final_of(const std::string& instance) {
    Position found;
    const auto read = journal_->read([&](life::Tx& tx) -> Status {
        if (const auto row = life::cursor_of(tx, instance)) found = row->final.position;
        return {};
    });
    return read ? found : Position{};
}

std::int64_t Host::uptime_ms() const { return clock_->unix_ms() - started_ms_; }

}  // namespace bh::daemon
