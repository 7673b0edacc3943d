#include "plugin-api/check/runner.hpp"

#include <algorithm>

namespace bh::check {
namespace {

using nlohmann::json;

constexpr std::size_t kVerdictWidth = 8;

const char* word_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::passed:
            return "passed";
        case Verdict::failed:
            return "FAILED";
        case Verdict::not_applicable:
            return "n/a";
        case Verdict::skipped:
            return "skipped";
        case Verdict::not_run:
            return "not run";
    }
    return "";
}

std::string name_of(const std::string& mode) {
    return mode == "worker" ? "in a sandboxed worker" : mode == "inprocess" ? "in-process" : mode;
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string of_count(std::size_t count, const char* what) {
    return count == 0 ? "" : ", " + std::to_string(count) + " " + what;
}

std::string counts(const Report& report) {
    return std::to_string(report.count(Verdict::passed)) + " checks passed" +
           of_count(report.count(Verdict::failed), "failed") +
           of_count(report.count(Verdict::not_run), "could not run") +
           of_count(report.count(Verdict::skipped), "skipped by check.json") +
           of_count(report.count(Verdict::not_applicable), "do not apply");
}

std::string title_of(const Subject& subject) {
    const host::Manifest& manifest = subject.manifest;
    const std::string file = manifest.file.empty() ? subject.directory : subject.file();
    return "blockhost-plugin-check: " + (manifest.id.empty() ? file : manifest.id + " " + manifest.version);
}

// What it is, in one line of words; `quote` stands around ids.
std::string facts_of(const Subject& subject, const std::string& quote) {
    const host::Manifest& manifest = subject.manifest;
    std::string interfaces;
    for (const std::string& interface : manifest.interfaces) interfaces += " " + quote + interface + quote;
    return "Interfaces:" + interfaces + ". ABI " + std::to_string(manifest.abi.major) + " draft " +
           std::to_string(manifest.abi.draft) + ", seed " + std::to_string(subject.seed) + ". SHA-256 of " + quote +
           manifest.file + quote + ": " + quote + manifest.sha256 + quote + ".";
}

// Checks of an interface that the plugin does not offer are no rows of its report.
bool about_it(const Subject& subject, const Outcome& outcome) {
    const std::string& interface = outcome.test.interface;
    return interface.empty() || subject.manifest.id.empty() || subject.offers(interface);
}

// One line that can stand in a cell of a table.
std::string cell(std::string text) {
    for (std::size_t at = 0; (at = text.find_first_of("|\n\r", at)) != std::string::npos; at += 2)
        text.replace(at, 1, text[at] == '|' ? "\\|" : "; ");
    return text;
}

// Details that rows share stand once below the table.
class Notes {
public:
    std::string mark(const std::string& text) {
        auto found = std::find(notes_.begin(), notes_.end(), text);
        if (found == notes_.end()) found = notes_.insert(notes_.end(), text);
        return " (" + std::to_string(found - notes_.begin() + 1) + ")";
    }
    [[nodiscard]] std::string list() const {
        std::string out;
        for (std::size_t i = 0; i < notes_.size(); ++i) out += std::to_string(i + 1) + ". " + notes_[i] + "\n";
        return out.empty() ? "" : "\n" + out;
    }

private:
    std::vector<std::string> notes_;
};

const Outcome* find_outcome(const Report& report, const std::string& id) {
    const auto found = std::find_if(report.outcomes.begin(), report.outcomes.end(),
                                    [&](const Outcome& outcome) { return outcome.test.id == id; });
    return found != report.outcomes.end() ? &*found : nullptr;
}

json checks_of(const Report& report) {
    json checks = json::array();
    for (const Outcome& outcome : report.outcomes)
        checks.push_back({{"id", outcome.test.id},
                          {"intent", outcome.test.intent},
                          {"result", word_of(outcome.verdict)},
                          {"detail", outcome.detail},
                          {"took_ms", outcome.took_ms}});
    return checks;
}

}  // namespace

bool passed(const std::vector<Report>& reports) {
    bool any = false;
    for (const Report& report : reports) {
        if (!report.not_allowed.empty()) continue;
        if (!report.passed()) return false;
        any = true;
    }
    return any;
}

std::string print_text(const Subject& subject, const std::vector<Report>& reports) {
    std::string out = title_of(subject) + "\n";
    if (!subject.manifest.id.empty()) out += facts_of(subject, "") + "\n";
    for (const Report& report : reports) {
        out += "\n" + name_of(report.mode) + "\n";
        if (!report.not_allowed.empty()) {
            out += "  not run: " + report.not_allowed + "\n";
            continue;
        }
        for (const Outcome& outcome : report.outcomes) {
            // Those are counted below, and the reason stands above.
            if (!about_it(subject, outcome) || outcome.verdict == Verdict::not_run) continue;
            out += "  " + padded(word_of(outcome.verdict), kVerdictWidth) + outcome.test.id +
                   (outcome.detail.empty() ? "" : ": " + outcome.detail) + "\n";
            if (outcome.verdict == Verdict::failed)
                out += "  " + std::string(kVerdictWidth, ' ') + "what must hold: " + outcome.test.intent + "\n";
        }
        out += std::string{report.passed() ? "Passed" : "FAILED"} + " " + name_of(report.mode) + ": " + counts(report) +
               ".\n";
    }
    return out;
}

std::string print_markdown(const Subject& subject, const std::vector<Report>& reports) {
    std::string out = "## " + title_of(subject) + "\n\n**" + (passed(reports) ? "Passed" : "Failed") + "**\n\n";
    std::string head = "| check | what holds |", line = "|---|---|";
    for (const Report& report : reports) {
        out += "- " + name_of(report.mode) + ": " +
               (report.not_allowed.empty() ? counts(report) : "not run, " + report.not_allowed) + ".\n";
        if (!report.not_allowed.empty()) continue;
        head += " " + name_of(report.mode) + " |";
        line += "---|";
    }
    if (!subject.manifest.id.empty()) out += "\n" + facts_of(subject, "`") + "\n";
    out += "\n" + head + "\n" + line + "\n";
    Notes notes;
    for (const Test& test : all_tests()) {
        std::string row;
        bool any = false;
        for (const Report& report : reports) {
            if (!report.not_allowed.empty()) continue;
            const Outcome* outcome = find_outcome(report, test.id);
            const bool shown = outcome != nullptr && about_it(subject, *outcome);
            any = any || shown;
            row += std::string{" "} + (shown ? word_of(outcome->verdict) : "");
            if (shown && !outcome->detail.empty())
                row += outcome->verdict == Verdict::failed ? ": " + cell(outcome->detail) : notes.mark(outcome->detail);
            row += " |";
        }
        if (any) out += "| " + test.id + " | " + cell(test.intent) + " |" + row + "\n";
    }
    return out + notes.list();
}

std::string print_json(const Subject& subject, const std::vector<Report>& reports) {
    json modes = json::array();
    for (const Report& report : reports) {
        json mode{{"mode", report.mode}, {"passed", report.passed()}, {"checks", checks_of(report)}};
        if (!report.not_allowed.empty()) mode["not_run"] = report.not_allowed;
        modes.push_back(std::move(mode));
    }
    const json out{{"plugin", subject.manifest.id},
                   {"version", subject.manifest.version},
                   {"sha256", subject.manifest.sha256},
                   {"abi", {{"major", subject.manifest.abi.major}, {"draft", subject.manifest.abi.draft}}},
                   {"interfaces", subject.manifest.interfaces},
                   {"seed", subject.seed},
                   {"passed", passed(reports)},
                   {"modes", modes}};
    return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace bh::check
