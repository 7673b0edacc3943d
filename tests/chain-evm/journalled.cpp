#include "tests/chain-evm/journalled.hpp"

#include "kernel/daemon/system_ports.hpp"
#include "kernel/lifecycle/engine.hpp"
#include "kernel/lifecycle/testing/concurrent.hpp"
#include "kernel/plugins/ports.hpp"
#include "plugin-api/sdk/cpp/boundary.hpp"

#include <blockhost/kind/chain.h>
#include <catch2/catch_test_macros.hpp>

#include <condition_variable>
#include <filesystem>
#include <thread>

namespace bh::evm::test {
namespace {

using Steady = std::chrono::steady_clock;
using nlohmann::json;

constexpr const char* kName = "chain";

// The journal's transactions as they are committed.
class Commits final : public life::Boundaries {
public:
    void at(const std::string& name) noexcept override {
        const bool events = name == "after ingest";
        if (!events && name != "after poll") return;
        const std::lock_guard lock{mutex_};
        ++polls_;
        if (events) ++events_, last_ = Steady::now();
        changed_.notify_all();
    }
    std::uint64_t polls() const {
        const std::lock_guard lock{mutex_};
        return polls_;
    }
    std::uint64_t events() const {
        const std::lock_guard lock{mutex_};
        return events_;
    }
    // When the one after `seen` was committed.
    std::optional<Steady::time_point> wait_for_more(std::uint64_t seen, std::chrono::milliseconds patience) {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_for(lock, patience, [&] { return events_ > seen; })) return std::nullopt;
        return last_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t polls_ = 0, events_ = 0;
    Steady::time_point last_{};
};

// The plugin that is linked into this program, with one instance.
class Loaded {
public:
    Loaded(KernelDouble& kernel, const std::string& config) {
        bh_entry_args args{};
        args.struct_size = sizeof args;
        args.abi_draft = BH_ABI_DRAFT;
        sdk::Error error;
        instance.name = kName;
        instance.plugin = bh_plugin_entry_v0(&args, error.out());
        REQUIRE(instance.plugin != nullptr);
        const bh_status made = instance.plugin->create(kernel.kernel(), sdk::str(config), &instance.self, error.out());
        INFO(error.failure(made).message);
        REQUIRE(made == BH_OK);
    }
    ~Loaded() {
        sdk::Error error;
        instance.plugin->quiesce(instance.self, 0, error.out());
        instance.plugin->destroy(instance.self);
    }
    plugins::Instance instance;
};

std::string new_directory() {
    char pattern[] = "/var/tmp/bh-journalled-XXXXXX";  // a disk: what is measured has fsync in it
    return ::mkdtemp(pattern);
}

life::EngineConfig config_of(std::int64_t poll_ms, std::int64_t safety_poll_ms) {
    life::EngineConfig config = life::testing::config_for_tests();
    config.chains.front().instance = kName;
    config.chains.front().finality = {life::FinalityRule::Kind::depth, 64};
    config.poll_ms = poll_ms;
    config.safety_poll_ms = safety_poll_ms;
    return config;
}

}  // namespace

struct Journalled::Parts {
    Parts(World& on, const json& endpoint, std::int64_t poll_ms, std::int64_t safety_poll_ms)
        : world{on}, loaded{on.kernel, config(on, endpoint)} {
        life::testing::begin_world(*hosts);
        port = std::move(*plugins::make_chain_port(loaded.instance));
        journal = std::move(*life::Journal::open(directory + "/journal.db", [this] { return clock->unix_ms(); }));
        const life::Ports host = doubles.ports();
        const life::Ports ports{*clock,     {{kName, port.get()}}, host.hypervisors, host.storages,
                                host.ipv6,  host.network,          host.vault,       host.seal,
                                host.reach, host.images,           host.first_boot,  commits,
                                &wakes};
        {
            const std::lock_guard lock{world.kernel.mutex};
            world.kernel.on_wake = [this] { wakes.ask(kName); };
        }
        engine = std::make_unique<life::Engine>(*journal, ports, config_of(poll_ms, safety_poll_ms), *pool);
        REQUIRE(engine->start().ok());
        loop = std::thread{[this] { engine->run(); }};
    }
    ~Parts() {
        engine->stop();
        loop.join();
        engine.reset();
        {
            const std::lock_guard lock{world.kernel.mutex};
            world.kernel.on_wake = {};
        }
        journal.reset();
        std::filesystem::remove_all(directory);
    }
    static std::string config(World& world, json endpoint) {
        endpoint["url"] = world.anvil.url();
        return world.config({{"endpoints", json::array({endpoint})}});
    }

    World& world;
    const std::string directory = new_directory();
    std::unique_ptr<life::Clock> clock = daemon::make_system_clock();
    Loaded loaded;
    std::unique_ptr<life::ChainPort> port;
    Commits commits;
    life::Wakes wakes;
    std::unique_ptr<life::testing::World> hosts = std::make_unique<life::testing::World>();
    life::testing::ConcurrentDoubles doubles{*hosts};
    std::unique_ptr<life::Journal> journal;
    std::unique_ptr<life::Executor> pool = life::make_thread_pool(4);
    std::unique_ptr<life::Engine> engine;
    std::thread loop;
};

Journalled::Journalled(World& world, const json& endpoint, std::int64_t poll_ms, std::int64_t safety_poll_ms)
    : parts_{std::make_unique<Parts>(world, endpoint, poll_ms, safety_poll_ms)} {
    world.anvil.automine(false);
    wait_for("the first poll", [&] { return polls() > 0; });
}
Journalled::~Journalled() = default;

std::optional<double> Journalled::purchase(std::chrono::milliseconds patience) {
    parts_->world.buy();
    const std::uint64_t seen = parts_->commits.events();
    const auto mined = Steady::now();
    parts_->world.anvil.mine();
    const auto committed = parts_->commits.wait_for_more(seen, patience);
    if (!committed) return std::nullopt;
    return std::chrono::duration<double, std::milli>(*committed - mined).count();
}

std::uint64_t Journalled::polls() const { return parts_->commits.polls(); }

ChainEndpoint::Heads Journalled::heads() {
    const auto description = parts_->port->describe();
    REQUIRE(description.ok());
    return description->endpoints.front().heads.value_or(ChainEndpoint::Heads{});
}

void Journalled::wait_relied_on() {
    wait_for("the subscription", [&] { return heads().state == "subscribed"; });
    // A block of which it told, and that a poll found.
    const std::uint64_t before = heads().told;
    parts_->world.anvil.mine();
    wait_for("a head", [&] { return heads().told > before; });
    const std::uint64_t polled = polls();
    parts_->engine->wake();
    wait_for("its poll", [&] { return polls() > polled; });
}

void Journalled::wake() { parts_->wakes.ask(kName); }

}  // namespace bh::evm::test
