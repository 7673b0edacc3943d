// What the kernel itself costs, over backends that answer at once (instant_host.hpp) and a journal on disk with fsync
// on; prints one JSON object. tests/bench/bench.py runs it.
//
//   bench-kernel blocks FILE LIVE BLOCKS       an empty block with LIVE subscriptions: poll, journal, due timers
//   bench-kernel purchases FILE LIVE COUNT     one purchase after another, through every step to `active`
//   bench-kernel burst FILE COUNT SECONDS      COUNT purchases in one block and a hypervisor that takes SECONDS for
//                                              each VM; how long others wait meanwhile
//   bench-kernel commits FILE COUNT            what this disk takes for a commit, for comparison
//
// blocks and purchases say on stderr how often each commit of the engine was made.
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/engine.hpp"
#include "kernel/lifecycle/query.hpp"
#include "tests/bench/instant_host.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace {

using namespace bh;
using namespace bh::life;
using bh::bench::InstantHost;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kServedAtOnce = 1000;
constexpr std::int64_t kFarAway = 30 * 86400;
constexpr std::size_t kWorkers = 16;  // as kernel/daemon/host.cpp
constexpr int kWarm = 20;
constexpr std::int64_t kNever = std::int64_t{3} * 86'400'000;  // beyond what is measured

double milliseconds(Steady::duration span) { return std::chrono::duration<double, std::milli>(span).count(); }

void require(const Status& status, const char* what) {
    if (!status) throw std::runtime_error{std::string{what} + ": " + status.failure().message};
}

double at(std::vector<double> values, double share) {
    std::sort(values.begin(), values.end());
    const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size()));
    return values[std::min(index, values.size() - 1)];
}

std::unique_ptr<Journal> open(const std::string& path) {
    auto opened = Journal::open(path, [] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    });
    if (!opened) throw std::runtime_error{opened.failure().message};
    return std::move(*opened);
}

void serve(InstantHost& host, Journal& journal, std::size_t count) {
    for (std::size_t done = 0; done < count; done += kServedAtOnce) {
        require(host.serve(journal, 1 + done, std::min(kServedAtOnce, count - done), kFarAway), "live subscriptions");
    }
}

// Until nothing is due, as Engine::run() does between two sleeps.
double step_all(Engine& engine) {
    const auto begin = Steady::now();
    while (engine.step()) {
    }
    engine.next_due_ms();
    return milliseconds(Steady::now() - begin);
}

double recovered(Engine& engine) {
    const auto begin = Steady::now();
    require(engine.start(), "start");
    while (engine.step() || engine.recovering()) {
    }
    return milliseconds(Steady::now() - begin);
}

void show_commits(InstantHost& host) {
    for (const auto& [name, count] : host.commits()) std::fprintf(stderr, "%8zu %s\n", count, name.c_str());
}

int blocks(const std::string& file, std::size_t live, std::size_t count) {
    InstantHost host;
    const auto journal = open(file);
    serve(host, *journal, live);
    InlineExecutor inline_executor;
    EngineConfig config = InstantHost::config();
    // Each block is polled when it comes, and nothing else is measured.
    config.watch_ms = config.poll_ms = kNever, config.statement_renew_ms = kNever;
    Engine engine{*journal, host.ports(), config, inline_executor};
    const double start_ms = recovered(engine);
    std::vector<double> times;
    for (std::size_t i = 0; i < count + kWarm; ++i) {
        host.mine();
        engine.wake();
        const double took = step_all(engine);
        if (i >= kWarm) times.push_back(took);
    }
    show_commits(host);
    std::printf("{\"start_ms\": %.1f, \"median_ms\": %.4f, \"p99_ms\": %.4f}\n", start_ms, at(times, 0.5),
                at(times, 0.99));
    return 0;
}

int purchases(const std::string& file, std::size_t live, std::size_t count) {
    InstantHost host;
    const auto journal = open(file);
    serve(host, *journal, live);
    InlineExecutor pool_like{true};  // the transactions that the daemon makes, without its threads
    EngineConfig config = InstantHost::config();
    config.watch_ms = config.poll_ms = kNever, config.statement_renew_ms = kNever;
    Engine engine{*journal, host.ports(), config, pool_like};
    recovered(engine);
    std::vector<double> times;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string id = std::to_string(1 + live + i);
        host.buy(id);
        double took = 0;
        for (int block = 0;; ++block) {
            if (block == 10) throw std::runtime_error{"subscription " + id + " is not active after ten blocks"};
            host.mine();
            engine.wake();
            took += step_all(engine);
            const auto shown = show_subscription(*journal, "chain", id);
            if (shown && shown->subscription.state == State::active) break;
        }
        times.push_back(took);
    }
    show_commits(host);
    std::printf("{\"median_ms\": %.3f, \"p99_ms\": %.3f, \"worst_ms\": %.3f}\n", at(times, 0.5), at(times, 0.99),
                at(times, 1));
    return 0;
}

// Waits until `then` has a time, and says how long after `begin` that is.
double waited(const char* what, Steady::time_point begin, const std::function<InstantHost::When()>& then) {
    const auto deadline = Steady::now() + std::chrono::seconds{60};
    for (;;) {
        if (const auto when = then(); when && *when >= begin) return milliseconds(*when - begin);
        if (Steady::now() > deadline) throw std::runtime_error{std::string{what} + " did not happen"};
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

int burst(const std::string& file, std::size_t count, std::int64_t seconds) {
    InstantHost host;
    const auto journal = open(file);
    require(host.serve(*journal, 1, 1, 60, true), "the subscription on the calm hypervisor");
    EngineConfig config = InstantHost::config();
    config.poll_ms = 250;
    const auto pool = make_thread_pool(kWorkers);
    Engine engine{*journal, host.ports(), config, *pool};
    require(engine.start(), "start");
    std::thread loop{[&] { engine.run(); }};
    while (engine.recovering()) std::this_thread::sleep_for(std::chrono::milliseconds{5});
    host.slow_down(std::chrono::seconds{seconds});
    for (std::size_t i = 0; i < count; ++i) host.buy(std::to_string(2 + i), 30);

    const auto bought = Steady::now();
    host.mine();    // all of them
    host.mine(61);  // and in the next block the other subscription has expired
    require(journal->write([](Tx& tx) -> Status {
        auto due = delegations(tx).front();
        due.renew_ms = tx.now_ms();
        save_delegation(tx, due);
        save_parked(tx, {"calm", "bench", "to be asked again", tx.now_ms(), tx.now_ms()});
        return {};
    }),
            "the timers");
    engine.wake();
    double slowest_status = 0;
    std::atomic<bool> over{false};
    std::thread asking{[&] {
        while (!over) {
            const auto begin = Steady::now();
            if (!status(*journal)) break;
            slowest_status = std::max(slowest_status, milliseconds(Steady::now() - begin));
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
    }};
    const double suspend = waited("the suspend", bought, [&] { return host.stopped("1"); });
    const double renewal = waited("the renewal", bought, [&] { return host.renewed(); });
    const double health = waited("the health check", bought, [&]() -> InstantHost::When {
        return host.checked() ? InstantHost::When{Steady::now()} : std::nullopt;
    });
    const auto extended = Steady::now();
    host.extend("1", 30);
    host.mine();
    engine.wake();
    const double resume = waited("the resume", extended, [&] { return host.started("1"); });
    while (host.creating() < config.parallel_per_instance) std::this_thread::sleep_for(std::chrono::milliseconds{5});
    over = true;
    asking.join();
    engine.stop();
    loop.join();
    std::printf(
        "{\"suspend_ms\": %.1f, \"renewal_ms\": %.1f, \"health_ms\": %.1f, \"resume_ms\": %.1f, "
        "\"status_ms\": %.1f, \"creating\": %zu}\n",
        suspend, renewal, health, resume, slowest_status, static_cast<std::size_t>(config.parallel_per_instance));
    return 0;
}

int commits(const std::string& file, std::size_t count) {
    const auto journal = open(file);
    std::vector<double> times;
    for (std::size_t i = 0; i < count; ++i) {
        const auto begin = Steady::now();
        require(journal->write([&](Tx& tx) -> Status {
            save_cursor(tx, {"chain", "bench:1", "0x", std::to_string(i), {}, {}, false});
            return {};
        }),
                "a commit");
        times.push_back(milliseconds(Steady::now() - begin));
    }
    std::printf("{\"median_ms\": %.4f, \"p99_ms\": %.4f}\n", at(times, 0.5), at(times, 0.99));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    const auto number = [&](int i) { return std::stoul(argv[i]); };
    try {
        if (mode == "blocks" && argc == 5) return blocks(argv[2], number(3), number(4));
        if (mode == "purchases" && argc == 5) return purchases(argv[2], number(3), number(4));
        if (mode == "burst" && argc == 5) return burst(argv[2], number(3), static_cast<std::int64_t>(number(4)));
        if (mode == "commits" && argc == 4) return commits(argv[2], number(3));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-kernel: %s\n", error.what());
        return 1;
    }
    std::fprintf(stderr,
                 "usage: bench-kernel blocks FILE LIVE BLOCKS | purchases FILE LIVE COUNT |\n"
                 "       burst FILE COUNT SECONDS | commits FILE COUNT\n");
    return 2;
}
