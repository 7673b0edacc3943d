#include "kernel/cli/funds.hpp"

#include "kernel/cli/answer.hpp"
#include "kernel/cli/grammar.hpp"
#include "kernel/cli/ledger_export.hpp"
#include "kernel/cli/show.hpp"

#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

namespace bh::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kLongAnswer{600};  // some hundred reads of a chain
constexpr std::chrono::milliseconds kPollEvery{500};
constexpr std::int64_t kDaySeconds = 86'400;

void print_token(const json& token) {
    const auto& ledger = token.at("ledger");
    const auto& escrow = token.at("escrow");
    std::cout << "  " << cell(token, "token") << " (" << cell(token, "symbol") << ", " << cell(token, "decimals")
              << " decimals): the contract holds " << cell(token, "held") << '\n';
    const auto row = [&](const char* title, const char* name) {
        return std::vector<std::string>{title, escrow.is_object() && escrow.contains(name) ? cell(escrow, name) : "-",
                                        cell(ledger, name), cell(token.at("differences"), name)};
    };
    auto line = row("    unearned and earned", "unearned_and_earned");
    if (escrow.is_object()) line[1] = cell(escrow, "unearned") + " + " + cell(escrow, "earned");
    print_table(std::cout, {"    part", "chain", "journal", "difference"},
                {row("    undelivered", "undelivered"), line, row("    credits", "credits")});
    std::cout << "    paid " << cell(ledger, "paid") << ", withdrawn " << cell(ledger, "withdrawn") << ", claimed "
              << cell(ledger, "claimed") << "; nobody's " << cell(token, "unaccounted") << '\n'
              << "    withdrawable " << cell(token, "withdrawable") << " (" << cell(token, "accrued")
              << " of it is settled by the withdrawal)\n";
}

void print_treasury(const json& treasury) {
    std::cout << "  treasury " << cell(treasury, "account") << '\n';
    for (const auto& token : treasury.at("tokens")) {
        std::cout << "    " << cell(token, "token") << ": " << cell(token, "held");
        if (!token.at("undivided").is_null()) std::cout << ", " << cell(token, "undivided") << " of it undivided";
        std::cout << '\n';
        for (const auto& share : token.at("shares")) {
            std::cout << "      " << cell(share, "account") << "  " << cell(share, "basis_points") << " of 10000, due "
                      << cell(share, "due") << ", paid " << cell(share, "paid") << '\n';
        }
    }
}

void print_funds(const json& answer) {
    for (const auto& chain : answer.at("chains")) {
        std::cout << "chain " << cell(chain, "instance") << " (" << cell(chain, "chain") << ")";
        if (chain.at("block").is_object()) std::cout << " at block " << chain.at("block").at("height");
        std::cout << ": " << (chain.value("reconciled", false) ? "the books agree" : "NOT RECONCILED") << '\n';
        if (!chain.at("why").is_null()) std::cout << "  " << cell(chain, "why") << '\n';
        for (const auto& token : chain.at("tokens")) print_token(token);
        if (!chain.value("accrued_complete", true))
            std::cout << "  more subscriptions have earned than were asked: a withdrawal moves more than is shown\n";
        if (chain.at("treasury").is_object()) print_treasury(chain.at("treasury"));
        const auto& host = chain.at("host");
        if (!host.is_object()) continue;
        std::cout << "  host account " << cell(host, "account") << ": " << cell(host, "coin") << ' '
                  << cell(host, "symbol") << " (smallest unit), reserve " << cell(host, "reserve");
        if (!host.at("deliveries").is_null()) std::cout << ", enough for " << host.at("deliveries") << " deliveries";
        std::cout << (host.value("low", false) ? "  LOW\n" : "\n");
    }
}

// Exit code 5 with `check` when the books of a chain do not agree with it.
int funds_status(const Context& context, const std::string& chain, bool check) {
    const std::string parameter = chain.empty() ? "" : "?chain=" + encoded(chain);
    const auto answer = context.api.get("/v1/funds" + parameter, kLongAnswer);
    const int shown = show(context, answer, print_funds);
    if (!answer || !check) return shown;
    for (const auto& each : answer->at("chains")) {
        if (!each.value("reconciled", false)) return kFindings;
    }
    return kDone;
}

void print_transactions(const json& answer) {
    if (answer.at("transactions").empty()) std::cout << "nothing to do\n";
    table(answer.at("transactions"), {{"action", "action"},
                                      {"chain", "instance"},
                                      {"token", "token"},
                                      {"for", "subject"},
                                      {"owner", "owner"},
                                      {"state", "state"},
                                      {"transaction", "tx"},
                                      {"last error", "last_error"}});
}

// Follows what was ordered until it is done or has failed. Exit code 1: one failed.
int follow(const Context& context, const Result<json>& ordered, bool wait) {
    if (!ordered) return report(context, ordered.failure());
    json now = *ordered;
    for (;;) {
        bool open = false, failed = false;
        for (auto& row : now.at("transactions")) {
            if (row.value("state", "") == "open" && wait) {
                auto again = context.api.get("/v1/funds/transactions/" + row.at("op_id").get<std::string>());
                if (!again) return report(context, again.failure());
                row = std::move(*again);
            }
            open = open || row.value("state", "") == "open";
            failed = failed || row.value("state", "") == "failed";
        }
        if (open && wait) {
            std::this_thread::sleep_for(kPollEvery);
            continue;
        }
        const int shown = show(context, Result<json>{now}, print_transactions);
        return failed ? int{kFailed} : shown;
    }
}

struct Given {
    std::string chain, token, nonce, id, format = "csv", output;
    std::int64_t after = 0, limit = 50, seconds = 0, days = 0;
    bool check = false, no_wait = false, again = false;
};

json body_of(const Given& given) {
    json body = json::object();
    if (!given.chain.empty()) body["chain"] = given.chain;
    if (!given.token.empty()) body["token"] = given.token;
    if (!given.nonce.empty()) body["nonce"] = given.nonce;
    return body;
}

int ledger(const Context& context, const Given& given) {
    const std::string path =
        "/v1/funds/ledger?after=" + std::to_string(given.after) + "&limit=" + std::to_string(given.limit);
    return show(context, path, [](const json& answer) {
        table(answer.at("entries"), {{"event", "event"},
                                     {"time", "time"},
                                     {"chain", "instance"},
                                     {"kind", "kind"},
                                     {"id", "subscription"},
                                     {"token", "token"},
                                     {"in", "in"},
                                     {"out", "out"},
                                     {"given back", "back"},
                                     {"who", "who"}});
        if (answer.value("next", std::int64_t{0}) != 0) std::cout << "more: --after " << answer.at("next") << '\n';
    });
}

int credit(const Context& context, const Given& given) {
    json body = body_of(given);
    body.erase("chain");
    body["seconds"] = given.seconds + given.days * kDaySeconds;
    if (given.again) body["again"] = true;
    const std::string parameter = given.chain.empty() ? "" : "?chain=" + encoded(given.chain);
    return follow(context, context.api.post("/v1/subscriptions/" + encoded(given.id) + "/credit" + parameter, body),
                  !given.no_wait);
}

int outages(const Context& context, const Given& given) {
    const std::string parameter = given.chain.empty() ? "" : "?chain=" + encoded(given.chain);
    return show(context, "/v1/subscriptions/" + encoded(given.id) + "/outages" + parameter, [](const json& answer) {
        table(answer.at("outages"), {{"from", "from"}, {"until", "until"}, {"cause", "cause"}});
    });
}

}  // namespace

void add_funds_commands(CLI::App& app, Command& chosen) {
    const auto given = std::make_shared<Given>();
    CLI::App& funds = group(app, "funds", "The host's money");
    auto* status = add(funds, chosen, "status",
                       "Each chain: escrow, earnings, credits, treasury, the host's coin; held against the journal",
                       [given](const Context& c) { return funds_status(c, given->chain, given->check); });
    status->add_flag("--check", given->check, "Exit code 5 unless the books agree with the chain to the smallest unit");
    auto* withdraw = add(funds, chosen, "withdraw", "Move what is earned to the treasury", [given](const Context& c) {
        return follow(c, c.api.post("/v1/funds/withdraw", body_of(*given)), !given->no_wait);
    });
    auto* split =
        add(funds, chosen, "split", "Pay the owners of a treasury that splits revenue", [given](const Context& c) {
            return follow(c, c.api.post("/v1/funds/split", body_of(*given)), !given->no_wait);
        });
    for (auto* one : {status, withdraw, split})
        one->add_option("--chain", given->chain, "Chain instance, when there are several");
    for (auto* one : {withdraw, split})
        one->add_option("--token", given->token, "Address of a token; default: the chain's own coin");
    add(funds, chosen, "transactions", "The host's withdrawals, releases and credits, newest first",
        [](const Context& c) { return show(c, "/v1/funds/transactions", print_transactions); });
    auto* list = add(funds, chosen, "ledger", "Every amount in and out of the contract, oldest first",
                     [given](const Context& c) { return ledger(c, *given); });
    list->add_option("--after", given->after, "Continue after this event")->check(CLI::NonNegativeNumber);
    list->add_option("--limit", given->limit, "At most so many")->check(CLI::Range(1, 1000));
    auto* exported = add(funds, chosen, "export", "The whole ledger, and the fees of the host's transactions",
                         [given](const Context& c) { return ledger_export(c, given->format, given->output); });
    exported->add_option("--format", given->format, "csv or json")->check(CLI::IsMember({"csv", "json"}));
    exported->add_option("--output", given->output, "Write to this file, which must not exist; default: stdout");

    CLI::App& subscription = group(app, "subscription", "Subscriptions and their timelines");
    auto* credited = add(subscription, chosen, "credit", "Extend the time of one by an outage that just ended",
                         [given](const Context& c) { return credit(c, *given); });
    auto* days = credited->add_option("--days", given->days, "So many days")->check(CLI::Range(1, 3650));
    credited->add_option("--seconds", given->seconds, "So many seconds")
        ->check(CLI::Range(1, 315'360'000))
        ->excludes(days);
    credited->add_flag("--again", given->again, "Another one, though as much was credited in the last day");
    auto* measured =
        add(subscription, chosen, "outages", "Times in which its VM did not run and the host was the cause",
            [given](const Context& c) { return outages(c, *given); });
    for (auto* one : {credited, measured}) {
        one->add_option("id", given->id, "Subscription id")->required();
        one->add_option("--chain", given->chain, "Chain instance, when several have this id");
    }
    for (auto* one : {withdraw, split, credited}) {
        one->add_option("--nonce", given->nonce, "A word for this command: given again with it, it runs once");
        one->add_flag("--no-wait", given->no_wait, "Do not wait until it is final");
    }
}

}  // namespace bh::cli
