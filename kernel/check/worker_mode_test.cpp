// The check of plugins in a worker: the same fixture as in plugin-api/check/check_test.cpp, in the real sandbox. Needs
// no root.
#include "kernel/check/worker_mode.hpp"
#include "plugin-api/check/fixtures/bad_plugins.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace bh::check;
using namespace bh::check::test;
using Catch::Matchers::ContainsSubstring;

namespace {

Mode mode() { return worker_mode(WORKER); }

}  // namespace

TEST_CASE("a good plugin passes in a worker, and what says nothing there says why") {
    const Installed good{mode()};
    const Report report = run_all(good);
    for (const Outcome& outcome : report.outcomes) {
        INFO(outcome.test.id << ": " << outcome.detail);
        CHECK((outcome.verdict == Verdict::passed || outcome.verdict == Verdict::not_applicable));
        if (outcome.test.where.mode == "inprocess") {
            CHECK(outcome.verdict == Verdict::not_applicable);
            CHECK(outcome.detail == outcome.test.where.why);
        }
    }
    CHECK(report.passed());
    CHECK(report.count(Verdict::passed) >= 30);
    const std::string text = print_text(good.subject(), {report});
    CHECK_THAT(text, ContainsSubstring("passed  worker.sandbox: namespaces, seccomp, ") &&
                         ContainsSubstring("n/a     hygiene.instance: signals, descriptors and threads"));
    CHECK_THAT(print_markdown(good.subject(), {report}), ContainsSubstring("| in a sandboxed worker |"));
}

TEST_CASE("each bad plugin that can be bad in a worker is diagnosed by name there") {
    for (const BadPlugin& bad : kBadPlugins) {
        if (bad.worker_check == nullptr) continue;
        INFO(bad.how);
        CHECK_THAT(diagnosis(mode(), bad.how, bad.worker_check), ContainsSubstring(bad.worker_says));
    }
}

TEST_CASE("a good hypervisor passes the checks of its extensions in a worker, and each bad one is diagnosed by name") {
    const Report report = run_all(Installed{mode(), "", "hypervisor"}, {"resize", "reinstall", "snapshot", "worker"});
    for (const Outcome& outcome : report.outcomes) {
        INFO(outcome.test.id << ": " << outcome.detail);
        CHECK(outcome.verdict == Verdict::passed);
    }
    for (const BadHypervisor& bad : kBadHypervisors) {
        INFO(bad.how);
        CHECK_THAT(diagnosis(mode(), bad.how, bad.check, "hypervisor"), ContainsSubstring(bad.says));
    }
}

TEST_CASE("a system call that the sandbox refuses is named, and is no mistake") {
    const Outcome outcome = run(Installed{mode(), "opens-socket"}, "worker.calls");
    CHECK(outcome.verdict == Verdict::passed);
    CHECK_THAT(outcome.detail, ContainsSubstring("refused, and it went on: socket"));
}

TEST_CASE("a worker that is not there, or a sandbox that does not come up, is told, with the part that is missing") {
    const Outcome none = run(Installed{worker_mode("/no/such/worker")}, "load.entry");
    CHECK(none.verdict == Verdict::failed);
    CHECK_THAT(none.detail, ContainsSubstring("there is no /no/such/worker"));
    Installed greedy{mode()};
    greedy.manifest["paths"] = {"/no/such/path"};
    greedy.write(bad_library(""));
    const Outcome outcome = run(greedy, "load.entry");
    CHECK(outcome.verdict == Verdict::failed);
    CHECK_THAT(outcome.detail, ContainsSubstring("could not be put into its sandbox: mounts of the granted paths"));
}

TEST_CASE("nothing of the plugin runs outside of its sandbox") {
    // Each of these would show in this process or on its file system if it did.
    const std::filesystem::path trace{"/tmp/bh-bad-plugin"};
    std::filesystem::remove(trace);
    const Installed writer{mode(), "constructor-writes"};
    const Report report = run_all(writer);
    CHECK(report.passed());
    CHECK_FALSE(std::filesystem::exists(trace));
}
