#include "kernel/cli/grant_commands.hpp"

#include "kernel/cli/answer.hpp"
#include "kernel/cli/secret_input.hpp"
#include "kernel/cli/show.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

namespace bh::cli {
namespace {

using nlohmann::json;
using Command = std::function<int(const Context&)>;

constexpr std::chrono::milliseconds kPollEvery{500};

struct Given {
    std::string owner, recipient, request, image, note, nonce, which, out;
    std::uint64_t cpus = 1, memory = std::uint64_t{1} << 30, disk = std::uint64_t{10} << 30;
    std::uint64_t days = 0, grace_days = 7;
    bool wait = false;
};

std::string path_of(const std::string& which, const char* verb = "") { return "/v1/grants/" + encoded(which) + verb; }

void with_nonce(json& body, const std::string& nonce) {
    if (!nonce.empty()) body["nonce"] = nonce;
}

void print(const json& grant) {
    const std::pair<const char*, const char*> facts[] = {{"granted vm", "id"},
                                                         {"state", "state"},
                                                         {"reason", "reason"},
                                                         {"owner", "owner"},
                                                         {"vm", "vm"},
                                                         {"address", "address"},
                                                         {"granted", "granted_at"},
                                                         {"until", "expires_at"},
                                                         {"destroyed after", "grace_ends"},
                                                         {"note", "note"}};
    for (const auto& [title, field] : facts)
        std::cout << title << std::string(17 - std::string_view{title}.size(), ' ') << cell(grant, field) << '\n';
}

// Until the VM is delivered, or will not be.
Result<json> wait_for(const Context& context, json grant) {
    const std::string path = path_of(grant.at("id").get<std::string>());
    for (;;) {
        const std::string state = grant.value("state", "");
        if (state == "active" || state == "held" || state == "ended") return grant;
        std::this_thread::sleep_for(kPollEvery);
        auto next = context.api.get(path);
        if (!next) return next;
        grant = std::move(*next);
    }
}

int create(const Context& context, const Given& given) {
    json body{{"owner", given.owner},     {"cpus", given.cpus}, {"memory_bytes", given.memory},
              {"disk_bytes", given.disk}, {"days", given.days}, {"grace_days", given.grace_days},
              {"note", given.note}};
    if (!given.image.empty()) body["image"] = given.image;
    if (!given.recipient.empty()) body["recipient"] = given.recipient;
    if (!given.request.empty()) {
        const auto request = read_hex(given.request, false, "--request");
        if (!request) return report(context, request.failure());
        body["request"] = crypto::hex0x(request->view());
    }
    with_nonce(body, given.nonce);
    auto made = context.api.post("/v1/grants", body);
    if (!made) return report(context, made.failure());
    if (given.wait) made = wait_for(context, std::move(*made));
    const int code = show(context, made, [&](const json& grant) {
        print(grant);
        if (!given.wait)
            std::cout << "It is being built: `blockhost vm granted " << cell(grant, "id") << "` shows it.\n";
    });
    return made && given.wait && made->value("state", "") != "active" ? int{kFailed} : code;
}

int granted(const Context& context, const Given& given) {
    if (!given.which.empty()) return show(context, path_of(given.which), print);
    return show(context, "/v1/grants", [](const json& answer) {
        table(answer.at("grants"), {{"id", "id"},
                                    {"state", "state"},
                                    {"owner", "owner"},
                                    {"vm", "vm"},
                                    {"address", "address"},
                                    {"until", "expires_at"},
                                    {"note", "note"}});
        std::cout << "chain " << cell(answer, "chain") << ", contract " << cell(answer, "contract") << "; at most "
                  << cell(answer, "most") << " (placement.max_granted)\n";
    });
}

int destroy(const Context& context, const Given& given) {
    json body = json::object();
    with_nonce(body, given.nonce);
    return show(context, context.api.post(path_of(given.which, "/destroy"), body), [](const json& grant) {
        print(grant);
        std::cout << "It is switched off and destroyed when the guard has counted and the undo window is over.\n";
    });
}

int extend(const Context& context, const Given& given) {
    json body{{"days", given.days}};
    with_nonce(body, given.nonce);
    return show(context, context.api.post(path_of(given.which, "/extend"), body), print);
}

// The sealed details: for the owner, who opens them with `blockhost open credential` or a wallet's page.
int credential(const Context& context, const Given& given) {
    const auto grant = context.api.get(path_of(given.which));
    if (!grant) return report(context, grant.failure());
    const auto all = context.api.get("/v1/grants");
    if (!all) return report(context, all.failure());
    if (!grant->at("sealed").is_string()) {
        return report(context, {BH_E_NOT_FOUND, "not_delivered",
                                "the VM is " + grant->value("state", "") + ": nothing is sealed for its owner yet", 0});
    }
    const json shown{{"format", grant->at("sealed").get<std::string>().starts_with("0x02") ? "seal-2" : "seal-1"},
                     {"chain", all->at("chain")},
                     {"contract", all->at("contract")},
                     {"subscription", grant->at("id")},
                     {"owner", grant->at("owner")},
                     {"sealed", grant->at("sealed")}};
    if (!given.out.empty()) {
        const std::string text = shown.at("sealed").get<std::string>() + "\n";
        if (const auto written = write_secret(given.out, crypto::bytes_of(text)); !written)
            return report(context, written.failure());
    }
    return show(context, Result<json>{shown}, [&](const json& answer) {
        std::cout << "blockhost open credential --chain " << cell(answer, "chain") << " --contract "
                  << cell(answer, "contract") << " --subscription " << cell(answer, "subscription") << " --owner "
                  << cell(answer, "owner") << " --key FILE" << (given.out.empty() ? "" : " --sealed " + given.out)
                  << '\n';
        if (given.out.empty()) std::cout << cell(answer, "sealed") << '\n';
    });
}

}  // namespace

void add_grant_commands(CLI::App& app, Command& chosen) {
    const auto given = std::make_shared<Given>();
    CLI::App& vm = *app.get_subcommand("vm");
    const auto add = [&chosen, given, &vm](const char* name, const char* help,
                                           int (*run)(const Context&, const Given&)) {
        CLI::App* command = vm.add_subcommand(name, help);
        command->callback(
            [&chosen, given, run] { chosen = [given, run](const Context& c) { return run(c, *given); }; });
        return command;
    };
    auto* made = add("create", "Give a VM away without a purchase", create);
    made->add_option("--owner", given->owner, "The wallet that may log in")->required();
    auto* recipient = made->add_option("--recipient", given->recipient,
                                       "Public key that the connection details are sealed to (`blockhost seal key`)");
    made->add_option("--request", given->request,
                     "Instead: file with a request that the owner sealed to this host, or -")
        ->excludes(recipient);
    made->add_option("--cpus", given->cpus, "Processors")->capture_default_str();
    made->add_option("--memory", given->memory, "Memory, such as 2GiB")->transform(CLI::AsSizeValue(false));
    made->add_option("--disk", given->disk, "Disk, such as 20GiB")->transform(CLI::AsSizeValue(false));
    made->add_option("--image", given->image, "Guest image; default: placement.default_image");
    made->add_option("--days", given->days, "From the delivery on; 0: without end")->capture_default_str();
    made->add_option("--grace-days", given->grace_days, "Off and kept so long after the end")->capture_default_str();
    made->add_option("--note", given->note, "For whom, or why");
    made->add_flag("--wait", given->wait, "Until it is delivered; exit code 1 if it will not be");
    auto* list = add("granted", "VMs that were given away, or one of them", granted);
    list->add_option("vm", given->which, "Number or name");
    auto* later = add("extend", "Put off the end of a granted VM", extend);
    later->add_option("--days", given->days, "From the old end, or from now if it has passed; 0: without end")
        ->required();
    auto* sealed = add("credential", "The sealed connection details of a granted VM", credential);
    sealed->add_option("--out", given->out, "New file for the sealed bytes");
    auto* gone = add("destroy", "End a granted VM", destroy);
    for (auto* one : {later, sealed, gone}) one->add_option("vm", given->which, "Number or name")->required();
    for (auto* one : {made, later, gone})
        one->add_option("--nonce", given->nonce, "Makes the command run once however often it is sent");
}

}  // namespace bh::cli
