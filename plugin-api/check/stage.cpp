#include "plugin-api/check/stage.hpp"

#include "plugin-api/documents/strict_json.hpp"
#include "plugin-api/host/config_schema.hpp"
#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace bh::check {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kPatience{600};  // the runner's own limit is shorter
// In a manifest's network: whatever the operator lists. Here, what the URLs in configuration and secrets name.
constexpr const char* kAnywhere = "*";

// "host:port" of each URL in `node`.
void add_places(const json& node, std::vector<std::string>& places) {
    if (node.is_structured()) {
        for (const auto& item : node) add_places(item, places);
        return;
    }
    const std::string text = node.is_string() ? node.get<std::string>() : "";
    const std::size_t scheme = text.find("://");
    if (scheme == std::string::npos) return;
    std::string place = text.substr(scheme + 3);
    place = place.substr(0, place.find_first_of("/?#"));
    place = place.substr(place.rfind('@') + 1);
    const std::size_t colon = place.rfind(':'), bracket = place.rfind(']');
    const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
    std::erase_if(place, [](char c) { return c == '[' || c == ']'; });
    if (!has_port) place += text.starts_with("https") || text.starts_with("wss") ? ":443" : ":80";
    places.push_back(place);
}

}  // namespace

std::string Stage::fill(const std::string& text, const std::string& name) {
    std::string out = text;
    for (std::size_t at = 0; (at = out.find("${", at)) != std::string::npos;) {
        const std::size_t end = out.find('}', at);
        if (end == std::string::npos) break;
        const std::string wanted = out.substr(at + 2, end - at - 2);
        std::string value;
        if (wanted == "dir") {
            value = directory + "/" + name;
        } else {
            if (!has_backend()) throw Wrong{"check.json: ${" + wanted + "} is not known: there is no backend"};
            const auto& names = backend().names();
            const auto found = names.find(wanted);
            if (found == names.end()) throw Wrong{"check.json: the backend did not say what ${" + wanted + "} is"};
            value = found->second;
        }
        out.replace(at, end - at + 1, value);
        at += value.size();
    }
    return out;
}

json Stage::fill(const json& node, const std::string& name) {
    if (node.is_string()) return fill(node.get<std::string>(), name);
    json out = node;
    if (node.is_structured())
        for (auto& item : out) item = fill(json(item), name);
    return out;
}

json Stage::config(const std::string& name) {
    std::filesystem::create_directories(directory + "/" + name);
    const auto checked = host::check_config(subject.manifest.config, fill(subject.setup.config, name));
    if (!checked)
        throw Wrong{"the configuration in check/check.json does not fit the manifest's schema: " +
                    checked.failure().message};
    return *checked;
}

Backend& Stage::backend() {
    if (!has_backend()) throw NotApplicable{"check.json names no backend"};
    if (backend_) return *backend_;
    step("the start of the backend");
    std::map<std::string, std::string> environment;
    for (const std::string& key : subject.manifest.keys) environment["BH_CHECK_KEY_" + key] = key_address(key);
    auto started = Backend::start(subject.directory + "/check", subject.setup.backend, directory, environment);
    backend_.emplace(require_ok(std::move(started), "check.json"));
    return *backend_;
}

void Stage::boundary(const char* what) {
    const int passed = ++shared.boundaries;
    if (disturbance.die_at != passed) return;
    Shared::put(shared.last_words, what);
    if (disturbance.victim)
        disturbance.victim();
    else
        ::kill(::getpid(), SIGKILL);
}

std::uint32_t Stage::cancelled() const {
    if (disturbance.cancel_reason == BH_CANCEL_NONE || shared.boundaries < disturbance.cancel_at) return BH_CANCEL_NONE;
    return disturbance.cancel_reason;
}

Ended Stage::try_apart(const std::function<json()>& body) {
    return run_child(shared, kPatience, [&]() -> json {
        try {
            return {{"ok", body()}};
        } catch (const Wrong& wrong) {
            return {{"wrong", wrong.what}};
        } catch (const NotApplicable& not_applicable) {
            return {{"why", not_applicable.why}};
        }
    });
}

json Stage::apart(const std::function<json()>& body) {
    const Ended ended = try_apart(body);
    if (!ended.result) throw Wrong{"the plugin " + ended.how(shared)};
    if (ended.result->contains("wrong")) throw Wrong{(*ended.result)["wrong"].get<std::string>()};
    if (ended.result->contains("why")) throw NotApplicable{(*ended.result)["why"].get<std::string>()};
    return (*ended.result)["ok"];
}

std::unique_ptr<Kernel> make_kernel(Stage& stage, const std::string& name) {
    const json config = stage.config(name);
    KernelSetup setup{&stage.subject.manifest, name, stage.directory + "/kernel-" + name, {}, {}, {}};
    std::filesystem::create_directories(setup.directory);
    for (const auto& [secret, value] : stage.subject.setup.secrets) setup.secrets[secret] = stage.fill(value, name);
    setup.network = places_of(stage.subject.manifest.network, config);
    const auto& network = stage.subject.manifest.network;
    if (std::find(network.begin(), network.end(), kAnywhere) != network.end()) {
        add_places(config, setup.network);
        for (const auto& [secret, value] : setup.secrets) add_places(value, setup.network);
    }
    setup.boundary = [&stage](const char* what) { stage.boundary(what); };
    return std::make_unique<Kernel>(std::move(setup));
}

std::unique_ptr<Opened> open_plugin(Stage& stage) {
    stage.step("loading");
    const Subject& subject = stage.subject;
    const auto writable = [&stage](const std::string& instance) {
        std::vector<std::string> places;
        for (const std::string& place : stage.subject.setup.write) places.push_back(stage.fill(place, instance));
        return places;
    };
    return require_ok(subject.mode.open({subject.directory, subject.manifest, stage.directory, writable}),
                      "it does not load");
}

Session::Session(Stage& on, const std::string& name) : stage{on} {
    opened = open_plugin(stage);
    kernel = make_kernel(stage, name);
    const std::string config = stage.config(name).dump();
    const Answer made = ask(
        "create", [&](bh_sink, bh_error* err) { return opened->create(kernel->c(), sdk::str(config), &self, err); });
    require(made.status == BH_OK, "create() with the configuration of check/check.json: " + made.said());
    require(self != nullptr, "create() returns BH_OK and no instance");
    plugin = opened->plugin();
}

Session::~Session() {
    if (self == nullptr) return;
    ask("quiesce", [&](bh_sink, bh_error* err) { return plugin->quiesce(self, 0, err); });
    stage.step("destroy");
    opened->destroy(self);
    stage.step("");
}

std::string status_name(bh_status status) {
    static const std::map<bh_status, std::string> names{{BH_OK, "BH_OK"},
                                                        {BH_PENDING, "BH_PENDING"},
                                                        {BH_E_INVALID, "BH_E_INVALID"},
                                                        {BH_E_UNSUPPORTED, "BH_E_UNSUPPORTED"},
                                                        {BH_E_CONFLICT, "BH_E_CONFLICT"},
                                                        {BH_E_CANCELLED, "BH_E_CANCELLED"},
                                                        {BH_E_NOT_FOUND, "BH_E_NOT_FOUND"},
                                                        {BH_E_UNKNOWN_OUTCOME, "BH_E_UNKNOWN_OUTCOME"},
                                                        {BH_E_BUSY, "BH_E_BUSY"},
                                                        {BH_E_EXHAUSTED, "BH_E_EXHAUSTED"},
                                                        {BH_E_UNAVAILABLE, "BH_E_UNAVAILABLE"},
                                                        {BH_E_TIMEOUT, "BH_E_TIMEOUT"},
                                                        {BH_E_DENIED, "BH_E_DENIED"},
                                                        {BH_E_NO_FUNDS, "BH_E_NO_FUNDS"},
                                                        {BH_E_CORRUPT, "BH_E_CORRUPT"},
                                                        {BH_E_INTERRUPTED, "BH_E_INTERRUPTED"},
                                                        {BH_E_INTERNAL, "BH_E_INTERNAL"}};
    const auto found = names.find(status);
    return found != names.end() ? found->second : "status " + std::to_string(status) + ", which base.h does not have";
}

std::string Answer::said() const {
    const std::string message{error.message, strnlen(error.message, sizeof error.message)};
    return status_name(status) + (message.empty() ? "" : ": " + message);
}

Job::Job(Stage& stage, std::string op_id, std::uint32_t attempt)
    : stage_{stage}, op_id_{std::move(op_id)}, path_{stage.directory + "/jobs"} {
    std::filesystem::create_directories(path_);
    if (auto saved = sdk::read_file(path_ + "/" + op_id_); saved && *saved) checkpoint_ = **saved;
    call_.struct_size = sizeof call_;
    call_.attempt = attempt;
    call_.op_id = sdk::str(op_id_);
    call_.trace_id = sdk::str("check");
    call_.checkpoint = sdk::raw(std::string_view{checkpoint_});
    call_.cancel_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stage_.cancelled() != BH_CANCEL_NONE) ::eventfd_write(call_.cancel_fd, 1);
    call_.ctx = this;
    call_.cancelled = [](const bh_call* call) noexcept -> std::int32_t {
        return static_cast<Job*>(call->ctx)->stage_.cancelled() != BH_CANCEL_NONE ? 1 : 0;
    };
    call_.cancel_reason = [](const bh_call* call) noexcept { return static_cast<Job*>(call->ctx)->stage_.cancelled(); };
    call_.progress = [](const bh_call* call, std::uint32_t, bh_str) noexcept {
        static_cast<Job*>(call->ctx)->passed("progress()");
    };
    call_.save = [](const bh_call* call, bh_bytes blob, bh_error* err) noexcept -> bh_status {
        return sdk::guarded(err, [&]() -> Status {
            Job& job = *static_cast<Job*>(call->ctx);
            job.passed("save()");
            const std::string text =
                blob.len != 0 ? std::string(reinterpret_cast<const char*>(blob.ptr), blob.len) : "";
            Status written = sdk::write_durably(job.path_, job.op_id_, text, 0600);
            ++job.saves;
            job.passed("save() done");
            return written;
        });
    };
}

Job::~Job() { ::close(call_.cancel_fd); }

void Job::passed(const char* what) {
    stage_.boundary(what);
    if (stage_.cancelled() != BH_CANCEL_NONE) ::eventfd_write(call_.cancel_fd, 1);
}

}  // namespace bh::check
