// The explorer's program.
//
//   model [--scenario NAME] [--deviations N] [--later a,b] [--states N] [--seconds S] [--keep N] [--world-mutant NAME]
//         [--guard-checks N] [--executor inline|pool] [--expect NAME]
//
// Without --expect: 0 if nothing is violated. With it: 0 if a violation is found, and its name is NAME.
#include "tests/model/explorer.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <sstream>

using namespace bh::life;
using namespace bh::life::model;

namespace {

struct Options {
    std::string scenario, expect, world_mutant, later, executor;
    Limits limits;
    std::uint32_t guard_checks = 3;
};

std::set<What> parse_later(const std::string& text) {
    std::set<What> all;
    std::istringstream words{text};
    for (std::string word; std::getline(words, word, ',');) {
        for (int i = 1; i <= static_cast<int>(What::restore); ++i) {
            const std::string name = to_text(static_cast<What>(i));
            if (name.starts_with(word)) all.insert(static_cast<What>(i));
        }
    }
    return all;
}

bool parse(int argc, char** argv, Options& o) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i], value = argv[i + 1];
        if (name == "--scenario")
            o.scenario = value;
        else if (name == "--deviations")
            o.limits.deviations = static_cast<std::uint32_t>(std::stoul(value));
        else if (name == "--later")
            o.limits.later = parse_later(value);
        else if (name == "--states")
            o.limits.states = std::stoull(value);
        else if (name == "--seconds")
            o.limits.seconds = std::stod(value);
        else if (name == "--keep")
            o.limits.violations = static_cast<std::uint32_t>(std::stoul(value));
        else if (name == "--world-mutant")
            o.world_mutant = value;
        else if (name == "--guard-checks")
            o.guard_checks = static_cast<std::uint32_t>(std::stoul(value));
        else if (name == "--executor")
            o.executor = value;
        else if (name == "--expect")
            o.expect = value;
        else
            return false;
    }
    return argc % 2 == 1;
}

bool break_world(const std::string& name, BrokenRules& broken) {
    if (name.empty()) return true;
    if (name == "create-without-look") return broken.create_without_look = true;
    if (name == "second-nonce") return broken.second_nonce = true;
    if (name == "contract-ignores-order") return broken.contract_ignores_order = true;
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    BrokenRules broken;
    if (!parse(argc, argv, options) || !break_world(options.world_mutant, broken)) {
        std::fprintf(stderr, "usage: see the head of model_main.cpp\n");
        return 2;
    }
    const GuardPolicy guard{options.guard_checks, options.guard_checks > 1 ? 2000 : 0};
    Figures sum;
    std::size_t violations = 0;
    bool expected = false;
    for (Scenario scenario : scenarios()) {
        scenario.as_a_pool = options.executor == "pool";
        if (!options.scenario.empty() && scenario.name != options.scenario) continue;
        Explorer explorer{scenario, broken, guard, options.limits};
        explorer.run();
        const Figures& f = explorer.figures();
        std::printf(
            "%-10s %u deviations: %llu states, %llu transitions, %llu ways, longest %llu, %llu replayed, %.1f s%s\n",
            scenario.name.c_str(), options.limits.deviations, static_cast<unsigned long long>(f.states),
            static_cast<unsigned long long>(f.transitions), static_cast<unsigned long long>(f.ways),
            static_cast<unsigned long long>(f.longest), static_cast<unsigned long long>(f.replayed), f.seconds,
            f.complete ? "" : " (a limit was met: not all)");
        sum.states += f.states, sum.transitions += f.transitions, sum.seconds += f.seconds;
        for (const Found& found : explorer.found()) {
            ++violations;
            std::printf("VIOLATED in '%s': %s\n", scenario.name.c_str(), found.what.c_str());
            for (const std::string& line : found.trace) std::printf("  %s\n", line.c_str());
            expected = expected || (!options.expect.empty() && found.what.starts_with(options.expect));
        }
        if (expected) break;
    }
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::printf("together: %llu states, %llu transitions, %zu violations, %.1f s, %ld MiB\n",
                static_cast<unsigned long long>(sum.states), static_cast<unsigned long long>(sum.transitions),
                violations, sum.seconds, usage.ru_maxrss / 1024);
    if (!options.expect.empty()) {
        std::printf("%s\n", expected ? "the mutant was caught" : "THE MUTANT WAS NOT CAUGHT");
        return expected ? 0 : 1;
    }
    return violations == 0 ? 0 : 1;
}
