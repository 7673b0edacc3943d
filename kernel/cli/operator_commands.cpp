#include "kernel/cli/operator_commands.hpp"

#include "kernel/cli/answer.hpp"
#include "kernel/cli/grammar.hpp"
#include "kernel/cli/show.hpp"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <thread>

namespace bh::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kLongAnswer{600};  // a walk of the whole log, or some hundred reads of a chain
constexpr std::chrono::milliseconds kPollEvery{500};

int audit_list(const Context& context, std::int64_t after, std::int64_t limit) {
    return show(context, "/v1/audit?after=" + std::to_string(after) + "&limit=" + std::to_string(limit),
                [limit](const json& answer) {
                    const auto& rows = answer.at("audit");
                    table(rows, {{"row", "n"},
                                 {"at (UTC)", "at_ms"},
                                 {"by", "actor"},
                                 {"action", "action"},
                                 {"subject", "subject"},
                                 {"detail", "detail"}});
                    if (rows.size() == static_cast<std::size_t>(limit))
                        std::cout << "more: --after " << rows.back().at("n") << '\n';
                });
}

void print_audit_check(const json& answer) {
    const auto rows = answer.value("rows", std::int64_t{0});
    if (answer.value("whole", false)) {
        std::cout << "whole: " << rows << " rows, each follows from the one before; "
                  << answer.value("anchors_compared", std::int64_t{0}) << " anchors agree\n"
                  << "head   " << cell(answer, "head") << '\n';
    } else {
        std::cout << "BROKEN at row " << answer.at("broken_row") << ": " << cell(answer, "why") << '\n';
        if (rows > 0) std::cout << "the " << rows << " rows before it follow from each other\n";
    }
    const auto& newest = answer.at("newest_anchor");
    if (newest.is_object()) {
        std::cout << "anchor row " << newest.at("row") << " at " << cell(newest, "time") << ", "
                  << std::max<std::int64_t>(rows - newest.value("row", std::int64_t{0}), 0) << " rows are newer\n";
    } else if (answer.at("anchors_unread").is_null()) {
        std::cout << "this journal has not been anchored yet\n";
    }
    for (const auto& parent : answer.at("parents")) {
        const bool shares = parent.value("row", std::int64_t{0}) > 0;
        std::cout << (shares ? "it goes on from the journal " : "an earlier journal of this host is lost: ")
                  << cell(parent, "journal") << (shares ? " after row " + parent.at("row").dump() : "") << '\n';
    }
    const auto& other = answer.at("other_journal");
    if (other.is_object()) {
        std::cout << "ANOTHER journal of this host, " << cell(other, "journal") << ", was anchored last, at "
                  << cell(other, "time") << " with row " << other.at("row")
                  << ": was this database put in its place?\n";
    }
    if (!answer.at("anchors_unread").is_null())
        std::cout << "the anchors could not be compared: " << cell(answer, "anchors_unread") << '\n';
}

int audit_verify(const Context& context) {
    auto answer = context.api.get("/v1/audit/check", kLongAnswer);
    const int shown = show(context, answer, print_audit_check);
    if (!answer) return shown;
    if (!answer->value("whole", false)) return kFindings;
    return answer->at("anchors_unread").is_null() ? kDone : kFailed;
}

void print_gc(const json& answer) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& row : answer.at("rows")) {
        const bool by_chain = row.at("when").is_string();
        rows.push_back({cell(row, "subscription"), cell(row, "state"), cell(row, "step"), cell(row, "verdict"),
                        by_chain ? cell(row, "when") : clock_ms(row, "when_ms"), cell(row, "why")});
    }
    print_table(std::cout, {"id", "state", "next", "verdict", "not before", "why"}, rows);
    if (answer.value("more", false)) std::cout << "more: --limit N asks about N subscriptions\n";
    for (const auto& orphan : answer.at("orphans")) {
        std::cout << "ORPHAN " << cell(orphan, "kind") << ' ' << cell(orphan, "name") << " on "
                  << cell(orphan, "instance") << ": its order is on no chain; it is kept\n";
    }
}

int gc(const Context& context, std::int64_t limit) {
    return show(context, context.api.get("/v1/gc?limit=" + std::to_string(limit), kLongAnswer), print_gc);
}

int accept_reorg(const Context& context, const std::string& instance) {
    return show(context, context.api.post("/v1/chains/" + encoded(instance) + "/accept-reorg", json::object()),
                [](const json&) {
                    std::cout << "Its subscriptions are derived anew; deliveries, sales, suspensions and destructions "
                                 "go on.\n";
                });
}

int subscription_retry(const Context& context, const std::string& id, const std::string& chain) {
    const std::string parameter = chain.empty() ? "" : "?chain=" + encoded(chain);
    return show(context, context.api.post("/v1/subscriptions/" + encoded(id) + "/retry" + parameter, json::object()),
                [](const json&) { std::cout << "It is derived from the chain anew.\n"; });
}

// The daemon asks the chain and each hypervisor before it answers.
int subscription_rebuild(const Context& context, const std::string& id, const std::string& chain, bool gone) {
    const std::string parameter = chain.empty() ? "" : "?chain=" + encoded(chain);
    return show(context,
                context.api.post("/v1/subscriptions/" + encoded(id) + "/rebuild" + parameter, {{"gone", gone}}),
                [](const json&) {
                    std::cout << "A new VM is built for it, with the same name and address. Its owner's details are "
                                 "sealed anew when it answers.\n";
                });
}

// The database is put aside, so that the daemon starts with none.
int put_aside(const Context& context) {
    if (auto running = context.api.get("/v1/status"); running || running.failure().reason != "daemon") {
        return report(context,
                      {BH_E_CONFLICT, "running", "blockhostd runs: stop it first (systemctl stop blockhostd)"});
    }
    const std::filesystem::path journal = std::filesystem::path{context.state} / "journal.db";
    std::error_code error;
    if (!std::filesystem::exists(journal, error)) {
        return report(context, {BH_E_NOT_FOUND, "no_journal",
                                "there is no " + journal.string() + ": blockhostd starts with an empty one anyway"});
    }
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const std::string aside = journal.string() + ".lost-" + std::to_string(seconds);
    // The side files first: a database without them is whole, or says so; side files without it would be another's.
    for (const char* end : {"-wal", "-shm", ""}) {
        if (!std::filesystem::exists(journal.string() + end, error)) continue;
        std::filesystem::rename(journal.string() + end, aside + end, error);
        if (error) {
            return report(context,
                          {BH_E_DENIED, "not_moved", "cannot move " + journal.string() + end + ": " + error.message()});
        }
    }
    return show(context, Result<json>{json{{"aside", aside}}}, [&](const json&) {
        std::cout << "The journal is now " << aside << ". Start blockhostd: it recovers from the chains and from what "
                  << "exists; `blockhost status` says when it has.\n";
    });
}

int recover(const Context& context, bool empty, bool wait) {
    if (empty) return put_aside(context);
    auto asked = context.api.post("/v1/recover", json::object());
    if (!asked) return report(context, asked.failure());
    for (;;) {
        std::this_thread::sleep_for(kPollEvery);
        auto status = context.api.get("/v1/status");
        if (!status) return report(context, status.failure());
        const bool busy = status->value("recovering", false);
        if (busy && wait) continue;
        return show(context, status, [busy](const json& answer) {
            std::cout << (busy ? "The host derives everything anew: nothing is made or destroyed meanwhile.\n"
                               : "The host has derived everything anew.\n");
            for (const auto& [state, count] : answer.at("subscriptions").items())
                std::cout << "  " << count << ' ' << state << '\n';
            for (const auto& alarm : answer.at("alarms"))
                std::cout << "ALARM " << cell(alarm, "subject") << ": " << cell(alarm, "message") << '\n';
        });
    }
}

struct Given {
    std::string name, chain;
    std::int64_t after = 0, limit = 50;
    bool empty = false, no_wait = false, dry_run = false, gone = false;
};

}  // namespace

void add_operator_commands(CLI::App& app, Command& chosen) {
    const auto given = std::make_shared<Given>();
    CLI::App& audit = group(app, "audit", "The log of every decision about money, keys and VMs");
    auto* list = add(audit, chosen, "list", "List its rows, oldest first",
                     [given](const Context& c) { return audit_list(c, given->after, given->limit); });
    list->add_option("--after", given->after, "Continue after this row")->check(CLI::NonNegativeNumber);
    list->add_option("--limit", given->limit, "At most so many")->check(CLI::Range(1, 1000));
    add(audit, chosen, "verify", "Walk its chain of hashes and compare it with the signer's anchors", audit_verify);

    auto* gc_command =
        add(app, chosen, "gc", "What would be suspended, closed, destroyed or cleaned, when, and why or why not yet",
            [given](const Context& c) { return gc(c, given->limit); });
    gc_command
        ->add_flag("--dry-run", given->dry_run, "Nothing is done: there is no other way, the daemon alone destroys")
        ->required();
    gc_command->add_option("--limit", given->limit, "Ask about at most so many subscriptions")
        ->check(CLI::Range(1, 500));

    auto* recovery = add(app, chosen, "recover", "Derive every subscription anew from the chains and from what exists",
                         [given](const Context& c) { return recover(c, given->empty, !given->no_wait); });
    auto* empty = recovery->add_flag("--empty", given->empty,
                                     "Put a lost or damaged journal aside, so that the daemon, which must be stopped, "
                                     "starts from nothing");
    recovery->add_flag("--no-wait", given->no_wait, "Return at once")->excludes(empty);

    CLI::App& chain = group(app, "chain", "Chains that this host sells on");
    auto* accept = add(chain, chosen, "accept-reorg", "After a look at a rollback below a final position: go on",
                       [given](const Context& c) { return accept_reorg(c, given->name); });
    accept->add_option("instance", given->name, "Name of the chain instance")->required();

    CLI::App& subscription = group(app, "subscription", "Subscriptions and their timelines");
    auto* retry = add(subscription, chosen, "retry", "Derive a held subscription from the chain anew",
                      [given](const Context& c) { return subscription_retry(c, given->name, given->chain); });
    auto* rebuild =
        add(subscription, chosen, "rebuild", "Build a new VM for a subscription whose VM is lost",
            [given](const Context& c) { return subscription_rebuild(c, given->name, given->chain, given->gone); });
    rebuild->add_flag("--gone", given->gone, "I have looked: its VM is lost and can't be put back");
    for (auto* one : {retry, rebuild}) {
        one->add_option("id", given->name, "Subscription id")->required();
        one->add_option("--chain", given->chain, "Chain instance, when several have this id");
    }
}

}  // namespace bh::cli
