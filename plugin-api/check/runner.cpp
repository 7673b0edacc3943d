#include "plugin-api/check/runner.hpp"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>

namespace bh::check {
namespace {

using nlohmann::json;

class Scratch {
public:
    Scratch() {
        const char* base = ::getenv("TMPDIR");
        std::string name = std::string{base != nullptr && *base != '\0' ? base : "/tmp"} + "/bh-check-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error{"no folder can be made in the place for temporary files"};
        path = name;
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    std::string path;
};

std::string group_of(const std::string& id) { return id.substr(0, id.find('.')); }

bool wanted(const Test& test, const std::vector<std::string>& only) {
    return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& name) {
               return name == test.id || name == group_of(test.id);
           });
}

// Nothing can be said about a plugin that does not come up: everything after these waits for them.
bool is_gate(const Test& test) { return test.id == "lint.manifest" || test.id == "load.entry"; }

std::string last_lines(const std::string& output) {
    std::string text = output.substr(output.size() > 600 ? output.size() - 600 : 0);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

Outcome judge(const Subject& subject, const Test& test, const Ended& ended, const Shared& shared) {
    Outcome outcome{test, Verdict::failed, "", 0};
    if (!ended.result) {
        outcome.detail = "the plugin " + ended.how(shared);
    } else if (ended.result->contains("wrong")) {
        outcome.detail = (*ended.result)["wrong"].get<std::string>();
    } else if (ended.result->contains("why")) {
        outcome.verdict = Verdict::not_applicable;
        outcome.detail = (*ended.result)["why"].get<std::string>();
    } else {
        outcome.verdict = Verdict::passed;
        outcome.detail = shared.note;
    }
    // In a worker the plugin's last words are not this process's.
    const bool last_words = !ended.result || subject.mode.worker();
    if (outcome.verdict == Verdict::failed && last_words && !ended.output.empty())
        outcome.detail += "; last output: " + last_lines(ended.output);
    return outcome;
}

}  // namespace

Outcome run_test(const Subject& subject, const Test& test, std::chrono::milliseconds patience) {
    const auto skip = subject.setup.skip.find(test.id);
    if (skip != subject.setup.skip.end()) return {test, Verdict::skipped, skip->second, 0};
    if (!test.interface.empty() && !subject.offers(test.interface))
        return {test, Verdict::not_applicable, "the plugin does not offer " + test.interface, 0};
    if (!test.where.mode.empty() && test.where.mode != subject.mode.name)
        return {test, Verdict::not_applicable, test.where.why, 0};
    const SharedPage page;
    const Scratch scratch;
    const auto begin = std::chrono::steady_clock::now();
    const Ended ended = run_child(*page, patience, [&]() -> json {
        try {
            Stage stage{subject, *page, scratch.path};
            test.body(stage);
            return json::object();
        } catch (const Wrong& wrong) {
            return {{"wrong", wrong.what}};
        } catch (const NotApplicable& not_applicable) {
            return {{"why", not_applicable.why}};
        }
    });
    Outcome outcome = judge(subject, test, ended, *page);
    outcome.took_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
    return outcome;
}

Report run_tests(const Subject& subject, const RunOptions& options) {
    Report report;
    report.mode = subject.mode.name;
    report.not_allowed = not_allowed(subject);
    if (!report.not_allowed.empty()) return report;
    std::string blocked;
    for (const Test& test : all_tests()) {
        // A gate decides also when it was not asked for.
        const bool asked = wanted(test, options.only);
        if (!asked && !is_gate(test)) continue;
        if (!blocked.empty() && group_of(test.id) != "lint") {
            report.outcomes.push_back({test, Verdict::not_run, blocked, 0});
            continue;
        }
        Outcome outcome = run_test(subject, test, options.patience);
        if (is_gate(test) && outcome.verdict != Verdict::passed) blocked = "because " + test.id + " failed";
        if (asked || outcome.verdict != Verdict::passed) report.outcomes.push_back(std::move(outcome));
    }
    return report;
}

std::string not_allowed(const Subject& subject) {
    const std::string& isolation = subject.manifest.isolation;
    if (subject.broken || isolation != subject.mode.isolation) return "";
    return "plugin.json says \"isolation\": \"" + isolation + "\"";
}

std::size_t Report::count(Verdict verdict) const {
    return static_cast<std::size_t>(std::count_if(outcomes.begin(), outcomes.end(),
                                                  [&](const Outcome& outcome) { return outcome.verdict == verdict; }));
}

bool Report::passed() const {
    return not_allowed.empty() && count(Verdict::failed) == 0 && count(Verdict::not_run) == 0 &&
           count(Verdict::passed) > 0;
}

}  // namespace bh::check
