#include "kernel/launch/client.hpp"

namespace bh::launch {
namespace {

using nlohmann::json;

constexpr auto kStartTime = std::chrono::seconds{60};  // a supervisor reports within 20 s, netd opens a tap within 30 s
constexpr auto kRunMargin = std::chrono::seconds{10};

Failure odd_answer(const char* verb) {
    return {BH_E_INTERNAL, "bad_answer", std::string{"blockhost-launch: the answer to "} + verb + " is not as agreed"};
}

Result<Unit> unit_of(Result<ipc::Answer> answer) {
    if (!answer) return answer.failure();
    return parse_unit(answer->ok.dump());
}

}  // namespace

Result<Unit> Client::start(const std::string& instance, const std::string& unit, const std::string& owner,
                           const UnitSpec& spec, const std::string& tap_owner, const std::vector<int>& fds) {
    const json args = {{"instance", instance},
                       {"unit", unit},
                       {"owner", owner},
                       {"spec", json::parse(to_json(spec))},
                       {"tap_owner", tap_owner}};
    return unit_of(shared_.call("start", args, fds, kStartTime));
}

Result<Unit> Client::status(const std::string& instance, const std::string& unit) {
    return unit_of(shared_.call("status", {{"instance", instance}, {"unit", unit}}));
}

Status Client::signal(const std::string& instance, const std::string& unit, int number) {
    const auto answer = shared_.call("signal", {{"instance", instance}, {"unit", unit}, {"number", number}});
    if (!answer) return answer.failure();
    return {};
}

Result<UnitPage> Client::list(const std::string& instance, const std::string& page) {
    const auto answer = shared_.call("list", {{"instance", instance}, {"page", page}});
    if (!answer) return answer.failure();
    return parse_unit_page(answer->ok.dump());
}

Result<RunResult> Client::run(const std::string& instance, const RunRequest& request, std::chrono::milliseconds time) {
    ipc::Client own{socket_, kName};
    const json args = {
        {"instance", instance}, {"request", json::parse(to_json(request))}, {"deadline_ms", time.count()}};
    const auto answer = own.call("run", args, {}, time + kRunMargin);
    if (!answer) return answer.failure();
    return parse_run_result(answer->ok.dump());
}

Result<Client::Worker> Client::worker_start(const std::string& instance, const std::vector<int>& fds) {
    const auto answer = shared_.call("worker_start", {{"instance", instance}}, fds);
    if (!answer) return answer.failure();
    const json& ok = answer->ok;
    if (!ok.contains("pid") || !ok["pid"].is_number_integer() || !ok.contains("limits") || !ok["limits"].is_string())
        return odd_answer("worker_start");
    return Worker{ok["pid"].get<std::int64_t>(), ok["limits"].get<std::string>(), ok.value("limits_why", "")};
}

Status Client::worker_end(const std::string& instance) {
    const auto answer = shared_.call("worker_end", {{"instance", instance}});
    if (!answer) return answer.failure();
    return {};
}

Result<Client::Check> Client::check() {
    const auto answer = shared_.call("check", json::object());
    if (!answer) return answer.failure();
    const json& ok = answer->ok;
    if (!ok.contains("limits") || !ok["limits"].is_string() || !ok.contains("programs") || !ok["programs"].is_object())
        return odd_answer("check");
    Check check{ok["limits"].get<std::string>(), ok.value("limits_why", ""), {}, {}};
    for (const auto& instance : ok.value("workers", json::array())) {
        if (instance.is_string()) check.workers.insert(instance.get<std::string>());
    }
    for (const auto& [instance, programs] : ok["programs"].items()) {
        for (const auto& [program, found] : programs.items()) {
            if (found != true) check.missing.push_back(instance + "/" + program);
        }
    }
    return check;
}

}  // namespace bh::launch
