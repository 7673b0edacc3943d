// What a worker costs, as root; prints one JSON object. tests/bench/bench.py runs it.
//
//   bench-worker trips LIBEXEC PLUGIN_DIRECTORY                     round trips of a hypervisor's vm_stats, loading
//   bench-worker memory LIBEXEC PLUGIN_DIRECTORY CONFIG [PATH]...   of an idle instance that may write to PATHs
#include "kernel/worker/worker.hpp"
#include "kernel/launch/limits.hpp"
#include "kernel/launch/workers.hpp"
#include "kernel/plugins/instance.hpp"
#include "kernel/plugins/services.hpp"
#include "kernel/plugins/verb.hpp"
#include "plugin-api/host/loader.hpp"

#include <blockhost/kind/hypervisor.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

namespace {

using namespace bh;
using Clock = std::chrono::steady_clock;

constexpr uid_t kUser = 64990, kGroup = 64101;
constexpr int kWarm = 2000, kTrips = 30000, kCalls = 5'000'000, kLoads = 20, kRounds = 5;
constexpr std::chrono::seconds kIdle{1};

struct Quiet final : plugins::LogBackend {
    [[nodiscard]] std::uint32_t min_level() const noexcept override { return BH_LOG_ERROR; }
    void write(std::uint32_t, std::string_view, std::string_view, std::string_view) override {}
};
struct NoStore final : plugins::StoreBackend {
    Result<Bytes> get(const std::string&, const std::string&) override {
        return Failure{BH_E_NOT_FOUND, "no_key", "there is no such key"};
    }
    Status put(const std::string&, const std::vector<std::pair<std::string, Bytes>>&) override { return {}; }
    Result<Keys> list(const std::string&, const std::string&, const std::string&) override { return Keys{}; }
};

// The launcher's own code, without the launcher's process.
class Starter final : public worker::Starter {
public:
    Starter(const std::string& libexec, std::vector<std::string> paths)
        : limits_{launch::Limits::find("bh-bench")}, workers_{libexec + "/blockhost-worker", kGroup} {
        config_.uid = kUser;
        config_.write = std::move(paths);
    }
    Result<Started> start(const std::string& instance, int control, int report, int plugin) override {
        const Fd fds[3] = {Fd{::fcntl(control, F_DUPFD_CLOEXEC, 0)}, Fd{::fcntl(report, F_DUPFD_CLOEXEC, 0)},
                           Fd{::fcntl(plugin, F_DUPFD_CLOEXEC, 0)}};
        auto pid = workers_.start(instance, config_, limits_, fds);
        if (!pid) return pid.failure();
        return Started{*pid, limits_.kind(), limits_.explanation()};
    }
    Status end(const std::string& instance) override { return workers_.end(instance, config_, limits_); }

private:
    launch::Limits limits_;
    launch::WorkerConfig config_;
    launch::Workers workers_;
};

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// A worker with one instance of the plugin, and the services that an idle one may ask for.
class Running {
public:
    static Result<std::unique_ptr<Running>> make(const std::string& libexec, const std::string& directory,
                                                 const std::string& config, std::vector<std::string> paths) {
        auto manifest = host::read_manifest(directory + "/plugin.json");
        if (!manifest) return manifest.failure();
        auto checked = host::check({directory, manifest->id, manifest->sha256, "0.1.0", "", true});
        if (!checked) return checked.failure();
        std::unique_ptr<Running> made{new Running{libexec, std::move(paths), std::move(*checked), config}};
        const auto before = Clock::now();
        if (auto started = made->worker_->start(); !started) return started.failure();
        made->start_ms = milliseconds_since(before);
        return made;
    }
    worker::Worker& worker() { return *worker_; }
    const bh_kernel* kernel() { return services_.kernel(); }
    double start_ms = 0;

private:
    Running(const std::string& libexec, std::vector<std::string> paths, host::CheckedPlugin checked,
            const std::string& config)
        : checked_{std::move(checked)}, starter_{libexec, std::move(paths)} {
        const auto& manifest = checked_.manifest;
        worker_.emplace(worker::Greeting{"bench", manifest.id, "0.1.0", config, manifest.interfaces, manifest.services,
                                         BH_LOG_ERROR},
                        checked_.file.fd(), services_.kernel(), starter_,
                        [](std::uint32_t, const std::string& words) { std::fprintf(stderr, "%s\n", words.c_str()); });
    }
    Quiet log_;
    NoStore store_;
    plugins::Services services_{"bench", {}, {&log_, &store_}};
    host::CheckedPlugin checked_;
    Starter starter_;
    std::optional<worker::Worker> worker_;
};

// What no other process shares: Private_Dirty and Private_Clean.
double private_kib(const std::string& pid) {
    std::ifstream file{"/proc/" + pid + "/smaps_rollup"};
    double sum = 0;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words{line};
        std::string name;
        double value = 0;
        words >> name >> value;
        if (name == "Private_Clean:" || name == "Private_Dirty:") sum += value;
    }
    return sum;
}

template <class F>
double nanoseconds_each(F&& call) {
    double best = 1e9;  // of several rounds: what the call costs, not what else the machine does
    for (int round = 0; round < kRounds; ++round) {
        const auto start = Clock::now();
        for (int i = 0; i < kCalls / kRounds; ++i) call();
        best =
            std::min(best, std::chrono::duration<double, std::nano>(Clock::now() - start).count() / (kCalls / kRounds));
    }
    return best;
}

int fail(const Failure& failure) {
    std::fprintf(stderr, "bench-worker: %s\n", failure.message.c_str());
    return 1;
}

int memory(char** words, int count) {
    auto running = Running::make(words[0], words[1], words[2], {words + 3, words + count});
    if (!running) return fail(running.failure());
    std::this_thread::sleep_for(kIdle);
    const std::string watcher = std::to_string((*running)->worker().state().pid);
    std::string plugin;
    std::ifstream{"/proc/" + watcher + "/task/" + watcher + "/children"} >> plugin;
    std::printf("{\"plugin_kib\": %.0f, \"watcher_kib\": %.0f, \"start_ms\": %.1f}\n", private_kib(plugin),
                private_kib(watcher), (*running)->start_ms);
    return 0;
}

int trips(const std::string& libexec, const std::string& directory) {
    auto running = Running::make(libexec, directory, "{}", {});
    if (!running) return fail(running.failure());
    worker::Worker& worker = (*running)->worker();
    const auto* remote = static_cast<const bh_hypervisor*>(worker.plugin()->query(BH_HYPERVISOR));
    bh_vm_stats stats{};
    stats.struct_size = sizeof stats;
    bh_error error = plugins::empty_error();
    std::vector<double> times;
    for (int i = 0; i < kWarm + kTrips; ++i) {
        const auto start = Clock::now();
        if (remote->vm_stats(worker.self(), {"vm", 2}, &stats, &error) != BH_OK) return 1;
        if (i >= kWarm) times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());

    std::vector<double> checks;
    const auto manifest = host::read_manifest(directory + "/plugin.json");
    if (!manifest) return fail(manifest.failure());
    const host::LoadRequest request{directory, manifest->id, manifest->sha256, "0.1.0", BH_HYPERVISOR, false};
    for (int i = 0; i < kLoads; ++i) {
        const auto start = Clock::now();
        if (auto checked = host::check(request); !checked) return fail(checked.failure());
        checks.push_back(milliseconds_since(start));
    }
    const auto before = Clock::now();
    const auto loaded = host::load(request);
    if (!loaded) return fail(loaded.failure());
    const double load_ms = milliseconds_since(before);
    plugins::Instance instance;
    instance.name = "bench";
    instance.plugin = loaded->plugin;
    if (instance.plugin->create((*running)->kernel(), {"{}", 2}, &instance.self, &error) != BH_OK) return 1;
    // Through a pointer that the compiler can't see through, as the kernel calls it.
    const bh_hypervisor* volatile hidden = instance.find<bh_hypervisor>(BH_HYPERVISOR);
    const double direct = nanoseconds_each([&] {
        const bh_hypervisor* table = hidden;
        table->vm_stats(instance.self, {"vm", 2}, &stats, &error);
    });
    const double through_port = nanoseconds_each([&] {
        const bh_hypervisor* table = hidden;
        const auto status = plugins::run_verb(
            instance.name, [&](bh_error* err) { return table->vm_stats(instance.self, {"vm", 2}, &stats, err); });
        if (!status) std::abort();
    });
    std::printf(
        "{\"start_ms\": %.1f, \"median_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"check_ms\": %.2f, "
        "\"load_ms\": %.2f, \"direct_ns\": %.1f, \"port_ns\": %.1f}\n",
        (*running)->start_ms, times[times.size() / 2], times[times.size() * 99 / 100], times[times.size() * 999 / 1000],
        median(checks), load_ms, direct, through_port);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view mode{argc > 1 ? argv[1] : ""};
    if (mode == "trips" && argc == 4) return trips(argv[2], argv[3]);
    if (mode == "memory" && argc >= 5) return memory(argv + 2, argc - 2);
    std::fprintf(
        stderr,
        "usage: bench-worker trips LIBEXEC PLUGIN_DIRECTORY | memory LIBEXEC PLUGIN_DIRECTORY CONFIG [PATH]...\n");
    return 2;
}
