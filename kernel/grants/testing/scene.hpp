// An engine that serves granted VMs only, over a World with a virtual clock, with its journal and its book in a
// directory: what the tests here and in tests/kill play. A second process goes on where the first was killed.
#pragma once

#include "kernel/grants/port.hpp"
#include "kernel/journal/audit.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/engine.hpp"
#include "kernel/lifecycle/testing/doubles.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <stdexcept>

namespace bh::grants::testing {

using life::State;
using life::Tx;
using life::testing::World;

inline constexpr const char* kOwner = "0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB";
inline constexpr const char* kId = "1000000001";
inline constexpr std::int64_t kDayS = 86'400;

inline Wish wish(const std::string& nonce = "first", std::uint64_t days = 0) {
    return {kOwner,   Bytes(83, 2), R"({"cpus":1,"disk_bytes":1024,"image":"debian-12","memory_bytes":1024})", days, 1,
            "a test", nonce};
}

class Scene {
public:
    Scene(World& w, std::string directory, life::Boundaries* boundaries = nullptr)
        : world{w}, directory_{std::move(directory)}, doubles_{w, boundaries}, ports_{doubles_.ports()} {
        config_ = life::testing::config_for_tests();
        config_.chains = {{kInstance, {life::FinalityRule::Kind::depth, 0}, {}, 0}};
        restart();
    }

    void restart() {
        engine.reset();
        journal.reset();
        port_.reset();
        book.reset();
        auto opened_book = Book::open(directory_ + "/grants.jsonl", ports_.clock);
        if (!opened_book) throw std::runtime_error{opened_book.failure().message};
        book = std::move(*opened_book);
        port_ = make_port(*book);
        ports_.chains = {{kInstance, port_.get()}};
        auto opened = life::Journal::open(directory_ + "/journal.db", [this] { return world.now_ms; });
        if (!opened) throw std::runtime_error{opened.failure().message};
        journal = std::move(*opened);
        engine = std::make_unique<life::Engine>(*journal, ports_, config_, executor_);
        if (const auto started = engine->start(); !started) throw std::runtime_error{started.failure().message};
    }
    // The journal is lost; the book is not in it.
    void wipe() {
        engine.reset();
        journal.reset();
        for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(directory_ + "/journal.db" + end);
        restart();
    }

    void tick() {
        if (!engine->step()) world.now_ms = std::clamp(engine->next_due_ms(), world.now_ms + 10, world.now_ms + 5000);
    }
    bool until(const std::function<bool()>& done, std::int64_t seconds = 400) {
        const std::int64_t deadline = world.now_ms + seconds * 1000;
        while (world.now_ms <= deadline && world.violation.empty()) {
            if (done()) return true;
            tick();
        }
        world.complaint = "at " + state_text();
        return false;
    }
    bool until_state(State state) {
        return until([&] { return is(state); });
    }
    void pass(std::int64_t seconds) { world.now_ms += seconds * 1000; }

    template <class T>
    T read(const std::function<T(Tx&)>& query) {
        T answer{};
        const auto done = journal->read([&](Tx& tx) -> Status {
            answer = query(tx);
            return {};
        });
        if (!done) throw std::runtime_error{done.failure().message};
        return answer;
    }
    std::optional<life::SubscriptionRow> row(const std::string& id = kId) {
        return read<std::optional<life::SubscriptionRow>>([&](Tx& tx) -> std::optional<life::SubscriptionRow> {
            auto rows = life::subscriptions_by_id(tx, kInstance, id);
            if (rows.empty()) return std::nullopt;
            return rows.front();
        });
    }
    bool is(State state, const std::string& id = kId) {
        const auto found = row(id);
        return found && found->state == state;
    }
    std::string state_text() {
        const auto found = row();
        return (found ? std::string{life::to_text(found->state)} + " " + found->reason : "nothing") + " " +
               world.violation.str();
    }
    // Empty: nothing is left of what has ended, one VM was made at most, and the audit log is whole.
    std::string left() {
        if (!world.violation.empty()) return world.violation.str();
        if (world.vms_made > 1 || world.volumes_made > 1) return "a VM or a volume was made twice";
        if (count_vms(world) + count_volumes(world) + count_bindings(world) > 0) return "something is left on the host";
        if (!read<std::vector<life::AddressRow>>([](Tx& tx) { return life::list_addresses(tx); }).empty())
            return "an address is left";
        Status whole;
        read<bool>([&](Tx& tx) {
            whole = life::verify_audit(tx);
            return true;
        });
        return whole ? "" : whole.failure().message;
    }

    World& world;
    std::unique_ptr<Book> book;
    std::unique_ptr<life::Journal> journal;
    std::unique_ptr<life::Engine> engine;

private:
    std::string directory_;
    life::testing::Doubles doubles_;
    life::Ports ports_;
    life::EngineConfig config_;
    life::InlineExecutor executor_;
    std::unique_ptr<life::ChainPort> port_;
};

}  // namespace bh::grants::testing
