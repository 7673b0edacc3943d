// A host over the in-memory plugins, one step at a time, with a virtual clock: engine, treasurer and outages. What must
// survive a SIGKILL is in the state files, in the journal and in the World. The chain's clock is the world's.
#pragma once

#include "kernel/funds/outages.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/testing/doubles.hpp"
#include "tests/kill/memory_plugins.hpp"
#include "tests/plugins/mem-chain/driver.hpp"
#include "tests/plugins/mem-hypervisor/state.hpp"

#include <algorithm>

namespace bh::funds::testing {

using life::testing::Enabled;
using life::testing::World;

inline constexpr const char* kBuyer = "0x00000000000000000000000000000000000000b1";
inline constexpr std::uint64_t kDay = 86'400, kPrice = 1'000'003;  // no round number: rounding must not hide

class Shop {
public:
    Shop(World& world, std::string directory, const trust::Trust& trust, Config config = {},
         life::Boundaries* boundaries = nullptr)
        : world_{world},
          directory_{std::move(directory)},
          trust_{trust},
          config_{std::move(config)},
          doubles_{world, boundaries},
          chain{directory_ + "/chain.json"} {}

    // Before the first process: the chain's clock is the world's, and there is a plan.
    static std::string prepare(World& world, const std::string& directory, std::uint64_t grace_s = kDay) {
        mem::ChainDriver chain{directory + "/chain.json"};
        chain.mine(1);
        chain.advance(static_cast<std::uint64_t>(world.now_ms / 1000 - chain.head().time.seconds));
        mem::PlanTerms terms;
        terms.price_per_day = kPrice, terms.window_s = 600, terms.grace_s = grace_s;
        const std::string plan = chain.create_plan(terms);
        chain.mine(3);
        return plan;
    }

    template <class F>
    auto read(F&& query) {
        std::optional<decltype(query(std::declval<life::Tx&>()))> out;
        const auto done = journal->read([&](life::Tx& tx) -> Status {
            out.emplace(query(tx));
            return {};
        });
        if (!done) throw std::runtime_error{done.failure().message};
        return std::move(*out);
    }

    // Begins a process. `config`: of its kernel.yaml.
    void open() {
        close();
        auto registry = plugins::Registry::load(trust_, life::testing::memory_plugins(directory_),
                                                {&log_, &store_, nullptr, nullptr});
        if (!registry) throw std::runtime_error{registry.failure().message};
        registry_ = std::move(*registry);
        auto opened = life::Journal::open(directory_ + "/journal.db", [this] { return world_.now_ms; });
        if (!opened) throw std::runtime_error{opened.failure().message};
        journal = std::move(*opened);
        ports_.emplace(doubles_.ports());
        ports_->chains = registry_->chains(), ports_->hypervisors = registry_->hypervisors();
        ports_->storages = registry_->storages(), ports_->ipv6 = registry_->ipv6();
        const auto timing = life::testing::config_for_tests();
        engine = std::make_unique<life::Engine>(*journal, *ports_, timing, executor_);
        operate = std::make_unique<life::Operator>(*journal, *engine, timing, *ports_);
        const auto recovering = [this] { return engine->recovering(); };
        treasurer = std::make_unique<Treasurer>(*journal, *ports_, config_, timing, "chain", recovering);
        outages = std::make_unique<Outages>(*journal, *ports_, config_, Outages::Treasurers{{"chain", treasurer.get()}},
                                            recovering);
        outages->step();
        if (const auto started = engine->start(); !started) throw std::runtime_error{started.failure().message};
    }
    void close() {
        outages.reset(), treasurer.reset(), operate.reset(), engine.reset(), ports_.reset(), journal.reset();
        registry_.reset();
    }
    void reopen(Config config) {
        config_ = std::move(config);
        open();
    }

    void tick() {
        if (engine->step()) return;
        if (world_.now_ms >= next_look_ms_) {
            outages->step();
            next_look_ms_ = world_.now_ms + 1000;
        }
        if (treasurer->step() == 0) return;
        const std::int64_t block = (world_.now_ms / kBlockMs + 1) * kBlockMs;
        world_.now_ms = std::clamp(engine->next_due_ms(), world_.now_ms + 10, block);
        if (world_.now_ms == block) mine();
    }
    // A block at the world's time.
    void mine() {
        const std::int64_t behind = world_.now_ms / 1000 - chain.head().time.seconds;
        if (behind > 1) chain.advance(static_cast<std::uint64_t>(behind - 1));
        chain.mine(1);
    }
    bool until(const std::function<bool()>& done, int most = 40'000) {
        for (int i = 0; i < most; ++i) {
            if (done()) return true;
            tick();
        }
        return false;
    }
    // That much time passes at once, and is final.
    void pass(std::int64_t seconds) {
        world_.now_ms += seconds * 1000;
        for (int i = 0; i < 4; ++i) mine(), world_.now_ms += kBlockMs;
        until([&, wanted = world_.now_ms + 3 * kBlockMs] { return world_.now_ms >= wanted; });
    }
    bool settled() {
        return until([this] { return read([](life::Tx& tx) { return life::open_host_txs(tx, "chain").empty(); }); });
    }

    std::optional<life::SubscriptionRow> row(const std::string& id = "1") {
        return read([&](life::Tx& tx) -> std::optional<life::SubscriptionRow> {
            auto rows = life::subscriptions_by_id(tx, "chain", id);
            if (rows.empty()) return std::nullopt;
            return rows.front();
        });
    }
    bool is(life::State state, const std::string& id = "1") {
        const auto found = row(id);
        return found && found->state == state;
    }
    life::Command command(const std::string& nonce = "") {
        return {nonce.empty() ? "nonce-" + std::to_string(++world_.randoms) : nonce, 0};
    }
    std::size_t logs(const std::string& type) {
        std::size_t count = 0;
        for (const auto& log : chain.logs()) count += log.type == type ? 1 : 0;
        return count;
    }
    ChainReport look() { return report(*journal, *registry_->chains().at("chain"), config_, "chain", kReportReads); }
    bool alarmed(const std::string& reason) {
        return read([&](life::Tx& tx) {
            const auto all = life::alarms(tx);
            return std::any_of(all.begin(), all.end(), [&](const auto& row) { return row.reason == reason; });
        });
    }
    mem::HypervisorBackend hypervisor() { return mem::HypervisorBackend{directory_ + "/hv.json"}; }
    [[nodiscard]] World& world() { return world_; }

private:
    static constexpr std::int64_t kBlockMs = 2000;
    World& world_;
    std::string directory_;
    const trust::Trust& trust_;
    Config config_;
    life::testing::Doubles doubles_;
    life::testing::Quiet log_;
    life::testing::NoStore store_;
    life::InlineExecutor executor_;
    std::unique_ptr<plugins::Registry> registry_;
    std::optional<life::Ports> ports_;
    std::int64_t next_look_ms_ = 0;

public:
    mem::ChainDriver chain;
    std::unique_ptr<life::Journal> journal;
    std::unique_ptr<life::Engine> engine;
    std::unique_ptr<life::Operator> operate;
    std::unique_ptr<Treasurer> treasurer;
    std::unique_ptr<Outages> outages;
};

}  // namespace bh::funds::testing
