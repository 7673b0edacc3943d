// Runs the checks, each in a process group of its own with a limit of time, and keeps what came of them.
#pragma once

#include "plugin-api/check/stage.hpp"

namespace bh::check {

enum class Verdict { passed, failed, not_applicable, skipped, not_run };

struct Outcome {
    Test test;
    Verdict verdict = Verdict::not_run;
    std::string detail;  // what is wrong, or why it did not run
    std::int64_t took_ms = 0;
};

struct Report {
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

// For a README as well as for a terminal: Markdown.
std::string print_report(const Subject& subject, const Report& report);
std::string print_json(const Subject& subject, const Report& report);

}  // namespace bh::check
