// The wired daemon: journal, plugins, ports, engine. Members are in the order in which they depend on each other.
#pragma once

#include "kernel/config/kernel_config.hpp"
#include "kernel/funds/keeper.hpp"
#include "kernel/grants/book.hpp"
#include "kernel/launch/client.hpp"
#include "kernel/lifecycle/operate.hpp"
#include "kernel/log/log.hpp"
#include "kernel/net/client.hpp"
#include "kernel/plugins/registry.hpp"
#include "kernel/reseal/reseals.hpp"
#include "kernel/signer/client.hpp"

#include <memory>
#include <string>
#include <vector>

namespace bh::daemon {

class Host {
public:
    // Opens the journal, loads the plugins that `trust` admits and makes the engine; starts nothing. A failure names
    // what is wrong and the remedy. `log` and `boundaries` outlive the host.
    static Result<std::unique_ptr<Host>> make(KernelConfig config, const std::vector<PluginConfig>& plugins,
                                              const trust::Trust& trust, Log& log, life::Boundaries& boundaries);
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host();

    [[nodiscard]] const KernelConfig& config() const noexcept { return config_; }
    [[nodiscard]] life::Journal& journal() noexcept { return *journal_; }
    [[nodiscard]] plugins::Registry& registry() noexcept { return *registry_; }
    [[nodiscard]] life::Ports& ports() noexcept { return *ports_; }
    [[nodiscard]] life::Engine& engine() noexcept { return *engine_; }
    [[nodiscard]] life::Operator& operators() noexcept { return *operator_; }
    [[nodiscard]] funds::Keeper& funds() noexcept { return *funds_; }
    [[nodiscard]] life::ImagePort& images() noexcept { return *images_; }
    [[nodiscard]] grants::Book& book() noexcept { return *book_; }
    [[nodiscard]] reseal::Reseals& reseals() noexcept { return *reseals_; }
    [[nodiscard]] signer::SignerClient& signer() noexcept { return signer_; }
    [[nodiscard]] net::NetClient& netd() noexcept { return netd_; }
    [[nodiscard]] launch::Client& launcher() noexcept { return launcher_; }
    [[nodiscard]] std::int64_t uptime_ms() const;

private:
    Host(KernelConfig config, Log& log, life::Boundaries& boundaries);
    Status open(const std::vector<PluginConfig>& plugins, const trust::Trust& trust);
    // The newest position of a chain instance that its rule holds for final; unknown while there is none.
    Position final_of(const std::string& instance);

    KernelConfig config_;
    Log& log_;
    life::Boundaries& boundaries_;
    signer::SignerClient signer_;
    net::NetClient netd_;
    launch::Client launcher_;
    std::unique_ptr<life::Clock> clock_;
    std::unique_ptr<life::Journal> journal_;
    life::Wakes wakes_;
    std::unique_ptr<grants::Book> book_;
    std::unique_ptr<life::ChainPort> granted_;  // the book as a chain
    std::unique_ptr<plugins::StoreBackend> store_;
    std::unique_ptr<plugins::SignerBackend> signing_;
    std::unique_ptr<plugins::LaunchBackend> launching_;
    std::unique_ptr<worker::Starter> workers_;
    std::unique_ptr<plugins::ConnectBackend> connecting_;
    std::unique_ptr<plugins::Registry> registry_;
    std::unique_ptr<life::NetworkPort> network_;
    std::unique_ptr<life::VaultPort> vault_;
    std::unique_ptr<life::SealPort> seal_;
    std::unique_ptr<life::ReachPort> reach_;
    std::unique_ptr<life::ImagePort> images_;
    std::unique_ptr<life::FirstBootPort> first_boot_;
    std::unique_ptr<life::Ports> ports_;
    std::unique_ptr<life::Executor> executor_;
    std::unique_ptr<life::Engine> engine_;
    std::unique_ptr<life::Operator> operator_;
    std::unique_ptr<reseal::Reseals> reseals_;
    std::unique_ptr<funds::Keeper> funds_;
    std::int64_t started_ms_ = 0;
};

}  // namespace bh::daemon
