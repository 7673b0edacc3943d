#include "plugin-api/check/runner.hpp"

namespace bh::check {
namespace {

using nlohmann::json;

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

// One line that can stand in a cell of a table.
std::string cell(std::string text) {
    for (std::size_t at = 0; (at = text.find_first_of("|\n\r", at)) != std::string::npos; at += 2)
        text.replace(at, 1, text[at] == '|' ? "\\|" : "; ");
    return text;
}

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string of_count(std::size_t count, const char* what) {
    return count == 0 ? "" : ", " + std::to_string(count) + " " + what;
}

std::string abi_text(const host::Manifest& manifest) {
    return std::to_string(manifest.abi.major) + " draft " + std::to_string(manifest.abi.draft);
}

}  // namespace

std::string print_report(const Subject& subject, const Report& report) {
    const host::Manifest& manifest = subject.manifest;
    const std::size_t passed = report.count(Verdict::passed), failed = report.count(Verdict::failed);
    std::string out = "## blockhost-plugin-check: " +
                      (manifest.id.empty() ? subject.directory : manifest.id + " " + manifest.version) + "\n\n";
    out += std::string{report.passed() ? "**Passed**" : "**Failed**"} + ": " + std::to_string(passed) +
           " checks passed" + of_count(failed, "failed") + of_count(report.count(Verdict::not_run), "could not run") +
           of_count(report.count(Verdict::skipped), "skipped by check.json") +
           of_count(report.count(Verdict::not_applicable), "do not apply") + ".\n\n";
    if (!manifest.id.empty()) {
        std::string interfaces;
        for (const std::string& interface : manifest.interfaces) interfaces += " `" + interface + "`";
        out += "Interfaces:" + interfaces + ". ABI " + abi_text(manifest) + ", mode " + subject.mode.name + ", seed " +
               std::to_string(subject.seed) + ".  \nSHA-256 of `" + manifest.file + "`: `" + manifest.sha256 + "`.\n\n";
    }
    std::size_t id_width = 5, intent_width = 14;
    for (const Outcome& outcome : report.outcomes) {
        id_width = std::max(id_width, outcome.test.id.size());
        intent_width = std::max(intent_width, outcome.test.intent.size());
    }
    out += "| " + padded("check", id_width) + " | " + padded("what it proves", intent_width) + " | result |\n|" +
           std::string(id_width + 2, '-') + "|" + std::string(intent_width + 2, '-') + "|--------|\n";
    for (const Outcome& outcome : report.outcomes) {
        const bool says_why = outcome.verdict == Verdict::failed || outcome.verdict == Verdict::skipped;
        out += "| " + padded(outcome.test.id, id_width) + " | " + padded(cell(outcome.test.intent), intent_width) +
               " | " + word_of(outcome.verdict) + (says_why ? ": " + cell(outcome.detail) : "") + " |\n";
    }
    return out;
}

std::string print_json(const Subject& subject, const Report& report) {
    json checks = json::array();
    for (const Outcome& outcome : report.outcomes)
        checks.push_back({{"id", outcome.test.id},
                          {"intent", outcome.test.intent},
                          {"result", word_of(outcome.verdict)},
                          {"detail", outcome.detail},
                          {"took_ms", outcome.took_ms}});
    const json out{{"plugin", subject.manifest.id},
                   {"version", subject.manifest.version},
                   {"sha256", subject.manifest.sha256},
                   {"abi", {{"major", subject.manifest.abi.major}, {"draft", subject.manifest.abi.draft}}},
                   {"interfaces", subject.manifest.interfaces},
                   {"mode", subject.mode.name},
                   {"seed", subject.seed},
                   {"passed", report.passed()},
                   {"checks", checks}};
    return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace bh::check
