#include "kernel/cli/commands.hpp"

#include "kernel/cli/answer.hpp"
#include "kernel/cli/plugins.hpp"
#include "kernel/cli/show.hpp"

#include <chrono>
#include <functional>
#include <iostream>

namespace bh::cli {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::string block_text(const json& block) {
    return block.is_object()
               ? std::to_string(block.value("height", std::uint64_t{0})) + " (" + cell(block, "time") + ")"
               : "-";
}

void print_status(const json& answer) {
    std::cout << "host " << cell(answer, "host") << ", blockhostd " << cell(answer, "version") << ", up "
              << span_ms(answer.value("uptime_ms", std::int64_t{0})) << '\n';
    if (answer.value("recovering", false))
        std::cout << "reading the chains and looking at what exists: nothing is made or destroyed yet\n";
    for (const auto& chain : answer.at("chains")) {
        std::cout << "chain " << cell(chain, "instance") << " (" << cell(chain, "chain") << "): head "
                  << block_text(chain["head"]) << ", final " << block_text(chain["final"]) << '\n';
        if (chain.value("destruction_parked", false))
            std::cout << "  a rollback below a final position: nothing is delivered, sold, suspended or destroyed "
                         "until an operator has "
                         "looked\n";
    }
    std::cout << answer.value("vms", 0) << " VMs; subscriptions:";
    for (const auto& [state, count] : answer.at("subscriptions").items()) std::cout << ' ' << count << ' ' << state;
    std::cout << (answer.at("subscriptions").empty() ? " none\n" : "\n");
    for (const auto& parked : answer.at("parked"))
        std::cout << "PARKED " << cell(parked, "instance") << ": " << cell(parked, "message") << '\n';
    for (const auto& alarm : answer.at("alarms")) {
        std::cout << "ALARM " << cell(alarm, "subject") << ": " << cell(alarm, "message") << " (for "
                  << span_ms(now_ms() - alarm.value("since_ms", std::int64_t{0})) << ")\n";
    }
}

void print_subscription(const json& answer) {
    const std::pair<const char*, const char*> facts[] = {{"subscription", "subscription"},
                                                         {"chain", "chain"},
                                                         {"state", "state"},
                                                         {"reason", "reason"},
                                                         {"plan", "plan"},
                                                         {"buyer", "buyer"},
                                                         {"owner", "owner"},
                                                         {"paid", "amount"},
                                                         {"token", "token"},
                                                         {"paid until", "expires_at"},
                                                         {"grace ends", "grace_ends"},
                                                         {"address", "address"}};
    for (const auto& [title, field] : facts) {
        std::cout << title << std::string(14 - std::string_view{title}.size(), ' ') << cell(answer, field) << '\n';
    }
    if (answer.at("vm").is_object()) std::cout << "vm            " << cell(answer.at("vm"), "vm") << '\n';
    std::cout << "\ntimeline\n";
    std::int64_t before = 0;
    Rows rows;
    for (const auto& stage : answer.at("timeline")) {
        const auto at = stage.value("at_ms", std::int64_t{0});
        rows.push_back(
            {"  " + cell(stage, "stage"), clock_ms(stage, "at_ms"), before == 0 ? "" : "+" + span_ms(at - before)});
        before = at;
    }
    print_table(std::cout, {"  stage", "at (UTC)", "after"}, rows);
    std::cout << "\njobs\n";
    table(answer.at("jobs"), {{"job", "job"},
                              {"step", "step"},
                              {"state", "state"},
                              {"attempt", "attempt"},
                              {"changed (UTC)", "updated_ms"},
                              {"last error", "last_error"}});
}

std::string chain_parameter(const std::string& chain) { return chain.empty() ? "" : "?chain=" + encoded(chain); }

}  // namespace

int status(const Context& context) { return show(context, "/v1/status", print_status); }

int subscription_list(const Context& context, const std::string& state, std::int64_t after, std::int64_t limit) {
    const std::string path = "/v1/subscriptions?after=" + std::to_string(after) + "&limit=" + std::to_string(limit) +
                             "&state=" + encoded(state);
    return show(context, path, [](const json& answer) {
        table(answer.at("subscriptions"), {{"id", "subscription"},
                                           {"state", "state"},
                                           {"plan", "plan"},
                                           {"owner", "owner"},
                                           {"paid until", "expires_at"},
                                           {"reason", "reason"}});
        if (answer.value("next", 0) != 0) std::cout << "more: --after " << answer.at("next") << '\n';
    });
}

int subscription_show(const Context& context, const std::string& id, const std::string& chain) {
    return show(context, "/v1/subscriptions/" + encoded(id) + chain_parameter(chain), print_subscription);
}

int subscription_undo(const Context& context, const std::string& id, const std::string& chain) {
    return show(
        context,
        context.api.post("/v1/subscriptions/" + encoded(id) + "/undo" + chain_parameter(chain), json::object()),
        [](const json&) {
            std::cout
                << "The VM is kept, off. It is yours to rescue: `blockhost subscription show` says where it is.\n";
        });
}

int vm_list(const Context& context) {
    return show(context, "/v1/vms", [](const json& answer) {
        table(answer.at("vms"), {{"vm", "vm"},
                                 {"subscription", "subscription"},
                                 {"state", "state"},
                                 {"address", "address"},
                                 {"host", "instance"},
                                 {"made (UTC)", "created_ms"}});
    });
}

int vm_show(const Context& context, const std::string& name) {
    return show(context, "/v1/vms/" + encoded(name), [](const json& answer) {
        for (const auto& [field, value] : answer.items()) {
            std::cout << field << std::string(14 - std::min<std::size_t>(field.size(), 13), ' ')
                      << (std::string_view{field}.ends_with("_ms") ? clock_ms(answer, field.c_str())
                                                                   : cell(answer, field.c_str()))
                      << '\n';
        }
    });
}

int plugin_unpark(const Context& context, const std::string& instance) {
    return show(context, context.api.post("/v1/plugins/" + instance + "/unpark", json::object()),
                [](const json&) { std::cout << "It is tried again, and its jobs with it.\n"; });
}

int event_list(const Context& context, std::int64_t before, std::int64_t limit) {
    return show(context, "/v1/events?before=" + std::to_string(before) + "&limit=" + std::to_string(limit),
                [](const json& answer) {
                    table(answer.at("events"), {{"event", "event"},
                                                {"type", "type"},
                                                {"subscription", "subscription"},
                                                {"height", "height"},
                                                {"status", "status"},
                                                {"seen (UTC)", "seen_ms"},
                                                {"transaction", "tx"}});
                });
}

int job_list(const Context& context, const std::string& state, std::int64_t limit) {
    return show(context, "/v1/jobs?limit=" + std::to_string(limit) + "&state=" + encoded(state),
                [](const json& answer) {
                    table(answer.at("jobs"), {{"job", "job"},
                                              {"step", "step"},
                                              {"state", "state"},
                                              {"attempt", "attempt"},
                                              {"instance", "instance"},
                                              {"changed (UTC)", "updated_ms"},
                                              {"last error", "last_error"}});
                });
}

int job_show(const Context& context, std::int64_t number) {
    return show(context, "/v1/jobs/" + std::to_string(number),
                [](const json& answer) { std::cout << answer.dump(2) << '\n'; });
}

int job_retry(const Context& context, std::int64_t number) {
    return show(context, context.api.post("/v1/jobs/" + std::to_string(number) + "/retry", json::object()),
                [](const json&) { std::cout << "Its subscription is derived from the chain anew.\n"; });
}

int job_abandon(const Context& context, std::int64_t number, bool gone) {
    return show(
        context, context.api.post("/v1/jobs/" + std::to_string(number) + "/abandon", {{"gone", gone}}),
        [](const json&) { std::cout << "The step is given up; its subscription is derived from the chain anew.\n"; });
}

int plan_list(const Context& context) {
    return show(context, "/v1/plans", [](const json& answer) {
        Rows rows;
        for (const auto& plan : answer.at("plans")) {
            const auto& resources = plan.at("resources");
            const bool known = resources.is_object();
            rows.push_back({cell(plan, "plan"), cell(plan, "instance"), plan.value("active", false) ? "yes" : "no",
                            cell(plan, "total"), known ? cell(resources, "cpus") : "-",
                            known ? bytes_text(resources.value("memory_bytes", std::uint64_t{0})) : "-",
                            known ? bytes_text(resources.value("disk_bytes", std::uint64_t{0})) : "-",
                            known ? cell(resources, "image") : "-",
                            span_ms(plan.value("grace_s", std::int64_t{0}) * 1000)});
        }
        print_table(std::cout, {"plan", "chain", "active", "places", "cpus", "memory", "disk", "image", "grace"}, rows);
    });
}

int doctor(const Context& context) {
    auto answer = context.api.get("/v1/doctor");
    if (!answer) return report(context, answer.failure());
    bool error = false;
    for (const auto& finding : answer->at("findings")) error = error || finding.value("severity", "") == "error";
    show(context, answer, [](const json& shown) {
        for (const auto& finding : shown.at("findings")) {
            std::cout << cell(finding, "severity") << ": " << cell(finding, "subject") << ": "
                      << cell(finding, "message") << '\n';
            if (!finding.value("remedy", std::string{}).empty()) std::cout << "    " << cell(finding, "remedy") << '\n';
        }
        if (shown.at("findings").empty()) std::cout << "all is well\n";
    });
    return error ? kFindings : kDone;
}

}  // namespace bh::cli
