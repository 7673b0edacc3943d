#include "kernel/api/views.hpp"
#include "kernel/daemon/routes.hpp"

#include <sys/statvfs.h>

#include <set>

namespace bh::daemon {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLowDisk = std::uint64_t{1} << 30;

class Findings {
public:
    void add(const std::string& subject, const char* severity, const std::string& message,
             const std::string& remedy = {}) {
        list_.push_back({{"subject", subject}, {"severity", severity}, {"message", message}, {"remedy", remedy}});
    }
    void add(const std::string& subject, const Failure& failure) { add(subject, "error", failure.message); }
    json take() && { return std::move(list_); }

private:
    json list_ = json::array();
};

// An instance in the daemon whose tools run as the worker that it does not have: their files have two owners.
void look_at_owners(Host& host, const std::set<std::string>& workers, Findings& findings) {
    for (const auto& info : host.registry().list()) {
        if (info.state || !workers.contains(info.instance)) continue;
        findings.add(info.instance, "error", "runs in the daemon, but its tools run under the user of its worker",
                     "take \"worker\" out of launch.yaml, or \"isolation: inprocess\" out of plugins.d");
    }
}

void look_at_programs(Host& host, Findings& findings) {
    for (const char* key : {"agent", "server", "statement"}) {
        const auto answer = host.signer().public_key(key);
        if (!answer) {
            findings.add("signer", answer.failure());
            break;
        }
    }
    const auto network = host.netd().status();
    if (!network) {
        findings.add("netd", network.failure());
    } else {
        for (const auto& finding : network->findings)
            findings.add("netd", finding.severity.c_str(), finding.message, finding.remedy);
    }
    const auto launcher = host.launcher().check();
    if (!launcher) {
        findings.add("launcher", launcher.failure());
        return;
    }
    findings.add("launcher", "info",
                 "memory and process limits of VMs hold by " + launcher->limits +
                     (launcher->limits_why.empty() ? "" : ": " + launcher->limits_why));
    for (const auto& program : launcher->missing)
        findings.add("launcher", "error", program + " can't be run", "install it, or correct its path in launch.yaml");
    look_at_owners(host, launcher->workers, findings);
}

void look_at_worker(const std::string& instance, const worker::Worker::State& state, Findings& findings) {
    findings.add(instance, "info", "runs in a process of its own: " + state.sandbox + ", limits by " + state.limits);
    if (state.ends > 0)
        findings.add(instance, "warning",
                     "its worker ended " + std::to_string(state.ends) + " times of late: " + state.last_end,
                     "look at its log, and tell the plugin's author");
    if (!state.denied.empty()) {
        std::string calls;
        for (const auto& call : state.denied) calls += (calls.empty() ? "" : ", ") + call;
        findings.add(instance, "warning",
                     "its sandbox refused what a plugin does not need, or a limit was reached: " + calls,
                     "disable the plugin unless its author can explain it");
    }
}

void look_at_blocked(const std::string& instance, const worker::Blocked::Row& row, Findings& findings) {
    findings.add(instance, "warning",
                 row.member + " took up to " + std::to_string(row.longest_ms) + " ms, " + std::to_string(row.times) +
                     " times, and promises to return in under 10 ms without any I/O (no-block)",
                 "tell the plugin's author: `blockhost-plugin-check` tries it; meanwhile whoever calls it waits");
}

void look_at_plugins(Host& host, Findings& findings) {
    for (const auto& info : host.registry().list()) {
        if (!info.warning.empty())
            findings.add(info.instance, "warning", info.warning,
                         "`blockhost plugin show " + info.plugin + "` says what it may do");
        if (info.state) look_at_worker(info.instance, *info.state, findings);
        for (const auto& row : info.blocked) look_at_blocked(info.instance, row, findings);
        const auto found = host.registry().check(info.instance);
        if (!found) {
            findings.add(info.instance, found.failure());
            continue;
        }
        for (const auto& finding : *found) {
            const std::string at = finding.field.empty() ? "" : " (" + finding.field + ")";
            findings.add(info.instance, finding.severity.c_str(), finding.message + at, finding.remedy);
        }
    }
}

void look_at_disk(Host& host, Findings& findings) {
    struct statvfs info{};
    const auto& path = host.config().paths.state;
    if (::statvfs(path.c_str(), &info) != 0) return;
    const std::uint64_t free_bytes = std::uint64_t{info.f_bavail} * info.f_frsize;
    if (free_bytes < kLowDisk)
        findings.add("disk", "warning", "less than 1 GiB is free in " + path,
                     "make room: a full disk stops new orders and holds running ones");
}

}  // namespace

Result<json> doctor_view(Host& host) {
    Findings findings;
    look_at_programs(host, findings);
    look_at_plugins(host, findings);
    look_at_disk(host, findings);
    const auto image = host.images().find(host.config().engine.default_image);
    if (!image) findings.add("image", image.failure());
    const auto status = api::status_view(host.journal());
    if (!status) return status.failure();
    for (const auto& alarm : status->at("alarms"))
        findings.add(alarm.value("subject", ""), "warning", "an alarm stands: " + alarm.value("message", ""));
    for (const auto& parked : status->at("parked"))
        findings.add(parked.value("instance", ""), "error", "parked: " + parked.value("message", ""));
    return json{{"findings", std::move(findings).take()}};
}

}  // namespace bh::daemon
