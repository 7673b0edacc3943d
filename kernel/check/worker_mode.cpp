#include "kernel/check/worker_mode.hpp"

#include "kernel/check/starter.hpp"
#include "kernel/worker/worker.hpp"
#include "plugin-api/documents/strict_json.hpp"
#include "plugin-api/host/loader.hpp"

#include <algorithm>
#include <filesystem>

namespace bh::check {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using worker::report;
using worker::Worker;

constexpr const char* kKernelVersion = "0.0.0";
constexpr std::uint64_t kMemory = std::uint64_t{256} << 20;  // as launch.yaml without a word of it

// Shorter than the runner's own, so that the proxy says what happened.
worker::Patience patience() {
    worker::Patience patience;
    patience.start = 20s;
    patience.read = 20s;
    patience.call = 25s;
    patience.grace = 2s;
    patience.first_pause = 10ms;
    return patience;
}

struct Instance {
    Instance(std::string program, std::vector<std::string> arguments)
        : starter{std::move(program), std::move(arguments)} {}
    DirectStarter starter;
    std::optional<Worker> worker;
};

class InWorker final : public Opened {
public:
    InWorker(std::string program, host::CheckedPlugin checked, const OpenRequest& request)
        : program_{std::move(program)},
          checked_{std::move(checked)},
          readable_{request.readable},
          writable_{request.writable} {}

    [[nodiscard]] const bh_plugin* plugin() const override { return plugin_; }

    bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) override {
        auto made = make(kernel, config, err);
        if (!made) return err->code;
        plugin_ = made->worker->plugin();
        bh_instance* self = made->worker->self();
        const std::scoped_lock lock{mutex_};
        instances_[self] = std::move(made);
        *out = self;
        return BH_OK;
    }
    void destroy(bh_instance* self) override {
        std::unique_ptr<Instance> last;
        const std::scoped_lock lock{mutex_};
        last = std::move(instances_.at(self));
        instances_.erase(self);
    }
    // Its process makes an instance before it answers anything: one that lives as long as the question.
    bh_status check(const bh_kernel* kernel, bh_str config, std::uint64_t deadline_ns, bh_sink findings,
                    bh_error* err) override {
        const auto made = make(kernel, config, err);
        if (!made) return err->code;
        return made->worker->plugin()->check(made->worker->handle(), config, deadline_ns, findings, err);
    }
    void kill(bh_instance* self) override { (void)find(self).starter.end({}); }
    Cage cage(bh_instance* self) override {
        const auto state = find(self).worker->state();
        return {state.sandbox, state.limits + ", " + state.limits_why, state.denied};
    }

private:
    Instance& find(bh_instance* self) {
        const std::scoped_lock lock{mutex_};
        return *instances_.at(self);
    }

    // What an operator would grant: what the manifest names, to be written; the operator's files, to be read.
    std::vector<std::string> arguments(const std::string& instance, std::string_view config) const {
        std::vector<std::string> arguments{"rlimit", std::to_string(kMemory), "0", "none", "ro:" + readable_};
        const auto settings = read_strict_json(config);
        std::vector<std::string> paths = writable_(instance);
        if (settings) {
            const auto named = places_of(checked_.manifest.paths, *settings);
            paths.insert(paths.end(), named.begin(), named.end());
        }
        for (const auto& path : paths) {
            std::error_code ignored;
            // A folder of the check's own is made as an operator would make it.
            if (path.starts_with(readable_ + "/")) fs::create_directories(path, ignored);
            arguments.push_back("rw:" + path);
        }
        return arguments;
    }

    // Null: `err` says why.
    std::unique_ptr<Instance> make(const bh_kernel* kernel, bh_str config, bh_error* err) {
        const std::string_view text = worker::view(config);
        const std::string name{worker::view(kernel->instance)};
        auto made = std::make_unique<Instance>(program_, arguments(name, text));
        worker::Greeting greeting{name,
                                  checked_.manifest.id,
                                  kKernelVersion,
                                  std::string{text},
                                  checked_.manifest.interfaces,
                                  checked_.manifest.services,
                                  BH_LOG_DEBUG};
        // Into the same log as the plugin's own words, where the report looks.
        const auto say = [kernel](std::uint32_t level, const std::string& message) {
            const auto* log = static_cast<const bh_svc_log*>(kernel->service(kernel, BH_SVC_LOG));
            if (log != nullptr) log->write(kernel, level, {nullptr, 0}, worker::view(message));
        };
        made->worker.emplace(std::move(greeting), checked_.file.fd(), kernel, made->starter, say, patience());
        const Status started = made->worker->start();
        if (started) return made;
        const Failure& failure = started.failure();
        report(err, failure.code, failure.reason, failure.message, failure.retry_after_ms);
        return nullptr;
    }

    const std::string program_;
    const host::CheckedPlugin checked_;
    const std::string readable_;
    const std::function<std::vector<std::string>(const std::string&)> writable_;
    const bh_plugin* plugin_ = nullptr;
    std::mutex mutex_;
    std::map<bh_instance*, std::unique_ptr<Instance>> instances_;
};

}  // namespace

Mode worker_mode(std::string program) {
    return {"worker", "inprocess", [program](const OpenRequest& request) -> Result<std::unique_ptr<Opened>> {
                const host::Manifest& manifest = request.manifest;
                if (!fs::exists(program))
                    return Failure{BH_E_UNAVAILABLE, "no_worker",
                                   "there is no " + program + ", which comes with this program; or --mode inprocess"};
                auto checked = host::check({request.directory, manifest.id, manifest.sha256, kKernelVersion, "", true});
                if (!checked) return checked.failure();
                return std::unique_ptr<Opened>{std::make_unique<InWorker>(program, std::move(*checked), request)};
            }};
}

}  // namespace bh::check
