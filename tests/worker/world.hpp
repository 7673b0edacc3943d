// A kernel with one instance of the probe: in a worker, with real launcher and real sandbox, or loaded into this
// process. Services whose backends are kept in memory.
#pragma once

#include "kernel/launch/testing.hpp"
#include "kernel/plugins/ports.hpp"
#include "kernel/plugins/services.hpp"
#include "kernel/plugins/tcp_connect.hpp"
#include "kernel/plugins/verb.hpp"
#include "kernel/worker/worker.hpp"
#include "plugin-api/host/loader.hpp"

#include <blockhost/ext/hypervisor_guest.h>
#include <blockhost/kind/hypervisor.h>
#include <blockhost/svc/chain.h>
#include <blockhost/svc/connect.h>
#include <blockhost/svc/launch.h>
#include <blockhost/svc/log.h>
#include <blockhost/svc/secrets.h>
#include <blockhost/svc/signer.h>
#include <blockhost/svc/store.h>
#include <blockhost/svc/wake.h>
#include <sys/statvfs.h>

#include <atomic>
#include <map>
#include <mutex>

namespace bh::worker::testing {

using launch::testing::read_text;

// Patient: these tests share two processors with a dozen processes of their own.
inline bool wait_until(const std::function<bool()>& condition) {
    return launch::testing::wait_until(condition, std::chrono::seconds{60});
}

struct LogLines final : plugins::LogBackend {
    std::mutex mutex;
    std::string all;
    std::atomic<std::size_t> count{0};
    [[nodiscard]] std::uint32_t min_level() const noexcept override { return BH_LOG_INFO; }
    void write(std::uint32_t, std::string_view, std::string_view, std::string_view message) override {
        ++count;
        const std::scoped_lock lock{mutex};
        if (all.size() < 1 << 16) all += std::string{message} + "\n";
    }
    bool has(std::string_view text) {
        const std::scoped_lock lock{mutex};
        return all.find(text) != std::string::npos;
    }
};

struct MemoryStore final : plugins::StoreBackend {
    std::mutex mutex;
    std::map<std::string, Bytes> values;
    Result<Bytes> get(const std::string&, const std::string& key) override {
        const std::scoped_lock lock{mutex};
        if (const auto it = values.find(key); it != values.end()) return it->second;
        return Failure{BH_E_NOT_FOUND, "no_key", "no such key"};
    }
    Status put(const std::string&, const std::vector<std::pair<std::string, Bytes>>& changes) override {
        const std::scoped_lock lock{mutex};
        for (const auto& [key, value] : changes) values[key] = value;
        return {};
    }
    Result<Keys> list(const std::string&, const std::string& prefix, const std::string&) override {
        const std::scoped_lock lock{mutex};
        Keys keys;
        for (const auto& [key, value] : values) {
            if (key.starts_with(prefix)) keys.keys.push_back(key);
        }
        return keys;
    }
};

struct FakeSigner final : plugins::SignerBackend {
    Result<Bytes> sign(const std::string& instance, const std::string& key, const std::string& scheme,
                       const Bytes&) override {
        const std::string text = instance + "/" + key + "/" + scheme;
        return Bytes{text.begin(), text.end()};
    }
    Result<Bytes> public_key(const std::string&) override { return Bytes{4}; }
};

// Remembers what it was asked to start, and what came with it.
struct FakeLaunch final : plugins::LaunchBackend {
    std::string unit;
    std::size_t fds = 0;
    bool written = false;
    Result<Unit> start(const std::string&, const std::string& name, const UnitSpec&,
                       const std::vector<int>& passed) override {
        unit = name;
        fds = passed.size();
        written = !passed.empty() && ::write(passed[0], "x", 1) == 1;
        return Failure{BH_E_DENIED, "refused", "no unit in this test"};
    }
    Result<Unit> status(const std::string&, const std::string&) override { return none(); }
    Status signal(const std::string&, const std::string&, int) override { return none(); }
    Result<UnitPage> list(const std::string&, const std::string&) override { return none(); }
    Result<RunResult> run(const std::string&, const RunRequest&, std::uint64_t) override { return none(); }
    static Failure none() { return {BH_E_UNSUPPORTED, "none", "not in this test"}; }
};

// The real launcher, asked as the kernel asks it.
class RealLaunch final : public plugins::LaunchBackend {
public:
    void use(launch::testing::Launcher& launcher) { launcher_ = &launcher; }
    Result<Unit> start(const std::string& instance, const std::string& name, const UnitSpec& spec,
                       const std::vector<int>& fds) override {
        return launcher_->call([&](launch::Client& c) { return c.start(instance, name, name, spec, "", fds); });
    }
    Result<Unit> status(const std::string& instance, const std::string& name) override {
        return launcher_->call([&](launch::Client& c) { return c.status(instance, name); });
    }
    Status signal(const std::string& instance, const std::string& name, int number) override {
        return launcher_->call([&](launch::Client& c) { return c.signal(instance, name, number); });
    }
    Result<UnitPage> list(const std::string& instance, const std::string& page) override {
        return launcher_->call([&](launch::Client& c) { return c.list(instance, page); });
    }
    Result<RunResult> run(const std::string& instance, const RunRequest& request, std::uint64_t) override {
        return launcher_->call([&](launch::Client& c) { return c.run(instance, request, std::chrono::seconds{20}); });
    }

private:
    launch::testing::Launcher* launcher_ = nullptr;
};

// Answers with what it was asked.
struct FakeChain final : plugins::ChainBackend {
    Result<std::string> canonical(const std::string&, const std::string& address) override { return address; }
    Result<std::string> read(const std::string& chain, const std::string& request, const std::string&,
                             std::uint32_t min_agree) override {
        return "read " + chain + request + std::to_string(min_agree) + ";";
    }
    Result<std::string> logs(const std::string& chain, const std::string& filter, const std::string& cursor,
                             std::uint32_t max) override {
        return "logs " + chain + filter + cursor + std::to_string(max) + ";";
    }
    Result<std::string> submit(const std::string& user, const std::string& chain, const bh_call* call,
                               const std::string& step, const ContractCall& what) override {
        const bh_bytes checkpoint{reinterpret_cast<const std::uint8_t*>("saved"), 5};
        bh_error error{};
        error.struct_size = sizeof error;
        if (call->save(call, checkpoint, &error) != BH_OK) return Failure{BH_E_INTERNAL, "save", "can't save"};
        return "submit " + user + chain + std::string{view(call->op_id)} + step + what.contract;
    }
};

// blockhost-launch over one connection, which was made as the kernel's user.
class LaunchStarter final : public Starter {
public:
    explicit LaunchStarter(launch::testing::Launcher& launcher) : client_{launcher.socket()} {
        const launch::testing::AsKernel kernel;
        REQUIRE(client_.check());
    }
    Result<Started> start(const std::string& instance, int control, int report, int plugin) override {
        auto started = client_.worker_start(instance, {control, report, plugin});
        if (!started) return started.failure();
        return Started{started->pid, started->limits, started->limits_why};
    }
    Status end(const std::string& instance) override { return client_.worker_end(instance); }

private:
    launch::Client client_;
};

struct Options {
    std::string worker = "memory_mib: 64, threads: 24";  // of launch.yaml
    std::string instance;                                // more of launch.yaml for it, indented by four
    bool real_launch = false;                            // the plugin's launch service is the launcher's
    plugins::SignerBackend* signer = nullptr;            // instead of the one that signs everything
    plugins::StoreBackend* store = nullptr;              // instead of the one in memory
    bool inprocess = false;                              // loaded into this process; launch.yaml gives it no worker
    std::string plugin = "org.blockhost.probe";
    std::string kind = BH_HYPERVISOR;
    std::function<void(const launch::testing::Place& place, uid_t uid)> prepare = {};  // before the launcher starts
    plugins::ServiceGrants grants;
    std::string config = "{}";
    Patience patience;
};

inline Patience quick() {
    using std::chrono::milliseconds;
    Patience patience;
    patience.grace = milliseconds{300};
    patience.read = milliseconds{2000};
    patience.first_pause = milliseconds{1};
    patience.longest_pause = milliseconds{20};
    return patience;
}

class World {
public:
    explicit World(Options options = {})
        : plugin_id_{options.plugin},
          services_{"probe",
                    options.grants,
                    {&log, options.store != nullptr ? options.store : &store,
                     options.signer != nullptr ? options.signer : &signer,
                     options.real_launch ? static_cast<plugins::LaunchBackend*>(&real_launch) : &launching, nullptr,
                     connecting.get(), &chain, [](const std::string&) { return Position{}; },
                     [this](const std::string&) { ++wakes; }}},
          starter_{launcher_of(options)} {
        instance.name = "probe";
        instance.warn = [this](const std::string& message) { log.write(BH_LOG_WARN, "probe", {}, message); };
        if (options.inprocess)
            load(options);
        else
            start(options);
    }
    ~World() {
        if (loaded_ == nullptr) return;
        (void)loaded_->quiesce(instance.self, 0, nullptr);
        loaded_->destroy(instance.self);
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // What the probe says to `what`.
    Result<std::string> ask(const std::string& what, const std::string& request = {}) {
        life::Call call;
        return ask(call, what, request);
    }
    Result<std::string> ask(life::Call& call, const std::string& what, const std::string& request = {}) {
        if (call.op_id.empty()) call.op_id = "op";
        if (call.deadline_ns == 0) call.deadline_ns = monotonic_ns() + 60'000'000'000;
        const plugins::CallBridge bridge{call};
        const auto* verbs = instance.find<bh_hypervisor_guest>(BH_HYPERVISOR_GUEST);
        REQUIRE(verbs != nullptr);
        const bh_bytes bytes{reinterpret_cast<const std::uint8_t*>(request.data()), request.size()};
        return plugins::read_verb("probe", [&](bh_sink out, bh_error* err) {
            return verbs->guest_exchange(instance.self, bridge.get(), view(what), bytes, out, err);
        });
    }
    Result<bh_vm_stats> stats(const std::string& vm) {
        bh_vm_stats out{};
        out.struct_size = sizeof out;
        const auto status = plugins::run_verb("probe", [&](bh_error* err) {
            return instance.find<bh_hypervisor>(BH_HYPERVISOR)->vm_stats(instance.self, view(vm), &out, err);
        });
        if (!status) return status.failure();
        return out;
    }
    // The plugin's process, not the one that watches over it.
    pid_t plugin_pid() {
        const std::string pid = std::to_string(worker->state().pid);
        pid_t child = 0;
        std::ifstream{"/proc/" + pid + "/task/" + pid + "/children"} >> child;
        return child;
    }
    std::string status_field(const std::string& name) {
        const std::string text = read_text("/proc/" + std::to_string(plugin_pid()) + "/status");
        const auto at = text.find("\n" + name + ":");
        if (at == std::string::npos) return {};
        const auto from = text.find_first_not_of(" \t", at + name.size() + 2);
        return text.substr(from, text.find('\n', from) - from);
    }

    [[nodiscard]] std::string directory() const { return std::string{PLUGINS} + "/" + plugin_id_; }
    // Another one for each world of this program: a launcher ends everything under it.
    [[nodiscard]] uid_t uid() const { return uid_; }

    const uid_t uid_ = next_uid();
    const std::string plugin_id_;
    LogLines log;
    std::atomic<std::uint64_t> wakes{0};
    MemoryStore store;
    FakeSigner signer;
    FakeLaunch launching;
    RealLaunch real_launch;
    FakeChain chain;
    std::unique_ptr<plugins::ConnectBackend> connecting =
        plugins::make_connect_backend(plugins::system_resolver(), std::chrono::seconds{5});
    launch::testing::Place place;
    std::optional<launch::testing::Launcher> launcher;

private:
    void start(const Options& options) {
        auto checked = host::check({directory(), plugin_id_, pin(), "0.1.0", options.kind, true});
        REQUIRE(checked);
        file_.emplace(std::move(checked->file));
        std::vector<std::string> granted{options.grants.services.begin(), options.grants.services.end()};
        for (const char* everybodys : {BH_SVC_STORE, BH_SVC_WAKE}) granted.emplace_back(everybodys);
        interfaces_ = checked->manifest.interfaces;
        worker.emplace(
            Greeting{"probe", plugin_id_, "0.1.0", options.config, interfaces_, granted, BH_LOG_INFO}, file_->fd(),
            services_.kernel(), starter_,
            [this](std::uint32_t level, const std::string& message) { log.write(level, "probe", {}, message); },
            options.patience);
        first = worker->start();
        instance.plugin = worker->plugin();
        instance.self = worker->self();
        instance.promised = &interfaces_;
    }
    void load(const Options& options) {
        const auto loaded = host::load({directory(), plugin_id_, pin(), "0.1.0", options.kind});
        REQUIRE(loaded);
        instance.plugin = loaded->plugin;
        first = plugins::run_verb("probe", [&](bh_error* err) {
            return loaded->plugin->create(services_.kernel(), view(options.config), &instance.self, err);
        });
        if (first) loaded_ = loaded->plugin;
    }
    launch::testing::Launcher& launcher_of(const Options& options) {
        place.directory("granted", 02770, uid());
        place.directory("shared", 0755, 0);
        if (options.prepare) options.prepare(place, uid());
        std::string words = "  probe:\n";
        if (!options.inprocess) words += "    worker: {user: " + std::to_string(uid()) + ", " + options.worker + "}\n";
        words += options.instance.empty() && options.inprocess ? "    programs: {}\n" : options.instance;
        for (std::size_t at; (at = words.find("PLACE")) != std::string::npos;) words.replace(at, 5, place.path());
        launcher.emplace(place, words);
        real_launch.use(*launcher);
        return *launcher;
    }
    [[nodiscard]] std::string pin() const {
        const auto manifest = host::read_manifest(directory() + "/plugin.json");
        REQUIRE(manifest);
        return manifest->sha256;
    }
    static uid_t next_uid() {  // above the units' fifty
        static uid_t made = 0;
        return 2000060 + static_cast<uid_t>(::getpid() % 100000) * 100 + made++ % 40;
    }
    plugins::Services services_;
    const bh_plugin* loaded_ = nullptr;  // in this process
    LaunchStarter starter_;
    std::optional<host::SealedFile> file_;
    std::vector<std::string> interfaces_;

public:
    std::optional<Worker> worker;
    Status first;
    plugins::Instance instance;
};

}  // namespace bh::worker::testing
