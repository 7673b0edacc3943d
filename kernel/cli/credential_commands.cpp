#include "kernel/cli/credential_commands.hpp"

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
    std::string id, chain, recipient, request, nonce;
    bool wait = false;
};

std::string path_of(const Given& given, const char* verb) {
    return "/v1/subscriptions/" + encoded(given.id) + verb +
           (given.chain.empty() ? "" : "?chain=" + encoded(given.chain));
}

void print(const json& order) {
    std::cout << "subscription " << cell(order, "subscription") << ", for " << cell(order, "owner") << ": "
              << cell(order, "state");
    if (order.value("reason", "") != "") std::cout << ": " << cell(order, "reason");
    if (order.at("tx").is_string()) std::cout << ", transaction " << cell(order, "tx");
    std::cout << '\n';
}

int reseal(const Context& context, const Given& given) {
    json body = json::object();
    if (!given.recipient.empty()) body["recipient"] = given.recipient;
    if (!given.request.empty()) {
        const auto request = read_hex(given.request, false, "--request");
        if (!request) return report(context, request.failure());
        body["request"] = crypto::hex0x(request->view());
    }
    if (!given.nonce.empty()) body["nonce"] = given.nonce;
    auto order = context.api.post(path_of(given, "/reseal"), body);
    while (order && given.wait && order->value("state", "") == "waiting") {
        std::this_thread::sleep_for(kPollEvery);
        const auto all = context.api.get("/v1/reseals");
        if (!all) return report(context, all.failure());
        for (const auto& each : all->at("reseals")) {
            if (each.at("nonce") == order->at("nonce")) order = each;
        }
    }
    const int code = show(context, order, print);
    return order && order->value("state", "") == "refused" ? int{kFailed} : code;
}

int list(const Context& context, const Given&) {
    return show(context, "/v1/reseals", [](const json& answer) {
        table(answer.at("reseals"), {{"subscription", "subscription"},
                                     {"state", "state"},
                                     {"owner", "owner"},
                                     {"ordered (UTC)", "ordered_ms"},
                                     {"transaction", "tx"},
                                     {"reason", "reason"}});
    });
}

int mint(const Context& context, const Given& given) {
    return show(context, context.api.post(path_of(given, "/mint"), json::object()), [](const json& answer) {
        if (answer.value("minted", false)) {
            std::cout << "token " << cell(answer, "token") << " is minted, its owner is " << cell(answer, "owner")
                      << '\n';
        } else {
            std::cout << "the delivery, job " << cell(answer, "job") << ", is tried again: it mints token "
                      << cell(answer, "token") << '\n';
        }
    });
}

}  // namespace

void add_credential_commands(CLI::App& app, Command& chosen) {
    const auto given = std::make_shared<Given>();
    CLI::App* credential =
        app.add_subcommand("credential", "Credentials: the tokens with the sealed connection details");
    credential->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, int (*run)(const Context&, const Given&)) {
        CLI::App* command = credential->add_subcommand(name, help);
        command->callback(
            [&chosen, given, run] { chosen = [given, run](const Context& c) { return run(c, *given); }; });
        return command;
    };
    auto* again = add("reseal", "Seal the details anew for the present owner", reseal);
    auto* recipient = again->add_option("--recipient", given->recipient, "The owner's new public key, hex");
    again
        ->add_option("--request", given->request,
                     "Instead: file with a request that the owner sealed to this host, or -")
        ->excludes(recipient);
    again->add_option("--nonce", given->nonce, "Makes the command run once however often it is sent");
    again->add_flag("--wait", given->wait, "Until the chain has it; exit code 1 if it is refused");
    auto* minted = add("mint", "Repeat a held delivery, which mints the token; where there is one, say so", mint);
    for (auto* one : {again, minted}) {
        one->add_option("id", given->id, "Subscription id")->required();
        one->add_option("--chain", given->chain, "Chain instance, when several have this id");
    }
    add("list", "Orders to reseal, oldest first", list);
}

}  // namespace bh::cli
