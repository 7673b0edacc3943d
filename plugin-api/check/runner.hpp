// Runs the checks, each in a process group of its own with a limit of time, and keeps what came of them.
#pragma once

#include "plugin-api/check/stage.hpp"

namespace bh::check {

enum class Verdict { passed, failed, not_applicable, skipped, not_run };

struct Outcome {
    Test test;
    Verdict verdict = Verdict::not_run;
    std::string detail;  // what is wrong, why it did not run, or what else there is to tell
    std::int64_t took_ms = 0;
};

// What came of one mode.
struct Report {
    std::string mode;
    std::string not_allowed;  // the manifest does not allow this mode: why nothing ran
    std::vector<Outcome> outcomes;
    [[nodiscard]] std::size_t count(Verdict verdict) const;
    // At least one check passed and none failed or was kept from running.
    [[nodiscard]] bool passed() const;
};

struct RunOptions {
    std::vector<std::string> only;  // ids, or groups such as "job"; empty = all
    std::chrono::milliseconds patience = std::chrono::seconds{30};
};
Report run_tests(const Subject& subject, const RunOptions& options);
Outcome run_test(const Subject& subject, const Test& test, std::chrono::milliseconds patience);

// Why the plugin may not be brought up in this mode; "" = it may.
std::string not_allowed(const Subject& subject);

// Every mode that the manifest allows was run and passed, and there is one.
bool passed(const std::vector<Report>& reports);

// One plugin's reports, of each mode that was asked for. `subject` is of any of them.
std::string print_text(const Subject& subject, const std::vector<Report>& reports);      // for a terminal
std::string print_markdown(const Subject& subject, const std::vector<Report>& reports);  // for a README
std::string print_json(const Subject& subject, const std::vector<Report>& reports);

}  // namespace bh::check
