#include "plugin-api/check/cli.hpp"

#include "plugin-api/check/fuzz.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace bh::check {
namespace {

struct Options {
    std::string path, mode = "both";
    RunOptions run;
    unsigned timeout_s = 30;
    double minutes = 1;
    std::uint64_t seed = 1;
    bool json = false, markdown = false;
};

// Those that were asked for and that this program has.
std::vector<Mode> chosen(const std::vector<Mode>& modes, const std::string& name) {
    std::vector<Mode> some;
    std::copy_if(modes.begin(), modes.end(), std::back_inserter(some),
                 [&](const Mode& mode) { return name == "both" || mode.name == name; });
    return some;
}

int print(const Options& options, const Subject& subject, const std::vector<Report>& reports) {
    std::cout << (options.json       ? print_json(subject, reports)
                  : options.markdown ? print_markdown(subject, reports)
                                     : print_text(subject, reports));
    return passed(reports) ? 0 : 1;
}

int list() {
    for (const Test& test : all_tests())
        std::cout << test.id << (test.interface.empty() ? "" : " [" + test.interface + "]") << "\n    " << test.intent
                  << "\n";
    return 0;
}

int usage(const std::string& what) {
    std::cerr << "blockhost-plugin-check: " << what << "\n";
    return 2;
}

// Ids and groups that there are not would check nothing.
std::string unknown_name(const std::vector<std::string>& names) {
    const auto tests = all_tests();
    for (const std::string& name : names)
        if (std::none_of(tests.begin(), tests.end(),
                         [&](const Test& test) { return test.id == name || test.id.starts_with(name + "."); }))
            return name;
    return "";
}

int check(const Options& options, const std::vector<Mode>& modes) {
    if (const std::string name = unknown_name(options.run.only); !name.empty())
        return usage("there is no check and no group " + name + "; `blockhost-plugin-check list` names them");
    const auto wanted = chosen(modes, options.mode);
    if (wanted.empty()) return usage("this program can't bring up a plugin in the mode " + options.mode);
    std::vector<Report> reports;
    for (const Mode& mode : wanted) {
        const Subject subject = read_subject(options.path, mode, options.seed);
        reports.push_back(run_tests(subject, options.run));
        if (subject.broken) break;  // the same in each
    }
    return print(options, read_subject(options.path, wanted.front(), options.seed), reports);
}

int lint(const Options& options, const std::vector<Mode>& modes) {
    Subject subject;
    subject.mode = modes.front();
    const std::filesystem::path path = std::filesystem::absolute(options.path);
    subject.directory = path.parent_path();
    subject.manifest.file = path.filename();
    Report report;
    report.mode = "file";
    for (const Test& test : lint_tests())
        if (test.id != "lint.manifest" && test.id != "lint.hash" && test.id != "lint.schema")
            report.outcomes.push_back(run_test(subject, test, options.run.patience));
    return print(options, subject, {report});
}

int fuzz_for(const Options& options, const std::vector<Mode>& modes) {
    // In one mode: the first that the manifest allows.
    auto wanted = chosen(modes, options.mode);
    while (wanted.size() > 1 && !not_allowed(read_subject(options.path, wanted.front(), 1)).empty())
        wanted.erase(wanted.begin());
    if (wanted.empty()) return usage("this program can't bring up a plugin in the mode " + options.mode);
    const Subject subject = read_subject(options.path, wanted.front(), options.seed);
    RunOptions gates;
    gates.only = {"lint.manifest", "load.entry"};
    if (const Report report = run_tests(subject, gates); !report.passed()) return print(options, subject, {report});
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options.minutes * 60);
    for (std::uint64_t seed = options.seed; std::chrono::steady_clock::now() < end; ++seed) {
        // Each seed in a process of its own, long enough to pay for it.
        Subject next = subject;
        next.seed = seed;
        const Test test = fuzz_tests().front();
        const Outcome outcome = run_test(next, test, options.run.patience);
        if (outcome.verdict == Verdict::failed) {
            std::cout << "seed " << seed << ": FAILED: " << outcome.detail << "\n";
            return 1;
        }
        std::cout << "seed " << seed << ": passed" << std::endl;
    }
    return 0;
}

}  // namespace

int run_cli(int argc, char** argv, const std::vector<Mode>& modes) {
    CLI::App app{"Checks a BlockHost plugin: its file, its table, its answers, and what it does when it is killed",
                 "blockhost-plugin-check"};
    app.require_subcommand(1);
    Options options;
    CLI::App& check_command = *app.add_subcommand("check", "check the plugin in a folder");
    check_command.add_option("DIR", options.path, "folder with plugin.json, the library and check/")->required();
    check_command.add_option("--only", options.run.only, "a check's id or a group; may be given more than once");
    check_command.add_flag("--json", options.json, "the report as JSON");
    check_command.add_flag("--markdown", options.markdown, "the report as Markdown, for a README");
    check_command.add_option("--seed", options.seed, "of what is made at random");
    check_command.add_option("--timeout", options.timeout_s, "seconds that one check may take")
        ->check(CLI::Range(1, 3600));
    CLI::App& list_command = *app.add_subcommand("list", "all checks, with one sentence of intent each");
    CLI::App& fuzz_command = *app.add_subcommand("fuzz", "feed the verbs with damaged documents");
    fuzz_command.add_option("DIR", options.path, "folder of the plugin")->required();
    fuzz_command.add_option("--minutes", options.minutes, "how long")->check(CLI::Range(0.01, 100000.0));
    fuzz_command.add_option("--seed", options.seed, "the first seed");
    for (CLI::App* command : {&check_command, &fuzz_command})
        command
            ->add_option("--mode", options.mode, "how the plugin is brought up; of both, those that plugin.json allows")
            ->check(CLI::IsMember({"inprocess", "worker", "both"}));
    CLI::App& lint_command = *app.add_subcommand("lint", "look at a library without running it");
    lint_command.add_option("SO", options.path, "the file")->required();
    lint_command.add_flag("--json", options.json, "the report as JSON");
    lint_command.add_flag("--markdown", options.markdown, "the report as Markdown, for a README");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    options.run.patience = std::chrono::seconds{options.timeout_s};
    if (list_command) return list();
    if (lint_command) return lint(options, modes);
    if (fuzz_command) return fuzz_for(options, modes);
    return check(options, modes);
}

}  // namespace bh::check
