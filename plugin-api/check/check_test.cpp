// The check itself: a good plugin passes all of it, and each bad one is told by name what is wrong.
#include "plugin-api/check/runner.hpp"
#include "plugin-api/host/fixtures/files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <elf.h>

#include <algorithm>

using namespace bh::check;
using namespace bh::host::test;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

constexpr auto kPatience = std::chrono::seconds{3};

// A folder with the fixture, and what a test changes of it.
struct Installed {
    TempDir dir;
    json manifest = json::parse(read_file(FIXTURE_FOLDER "/plugin.json"));

    Installed() { write(read_file(FIXTURE_FOLDER "/plugin.so")); }
    void write(const std::string& library) {
        write_file(dir.path() / "plugin.so", library);
        manifest["file"] = "plugin.so";
        manifest["sha256"] = sha256_of(library);
        write_file(dir.path() / "plugin.json", manifest.dump());
        std::filesystem::create_directories(dir.path() / "check");
        setup({{"secrets", {{"token", "canary-0123456789"}}}});
    }
    void setup(const json& text) const { write_file(dir.path() / "check" / "check.json", text.dump()); }
    [[nodiscard]] Subject subject() const { return read_subject(dir.path(), in_process_mode(), 1); }
};

Outcome run(const Installed& plugin, const std::string& id) {
    const auto tests = all_tests();
    const auto test = std::find_if(tests.begin(), tests.end(), [&](const Test& t) { return t.id == id; });
    REQUIRE(test != tests.end());
    return run_test(plugin.subject(), *test, kPatience);
}

// What the check says against the plugin that is bad in this way.
std::string diagnosis(const std::string& how, const std::string& id) {
    ::setenv("BH_BAD_PLUGIN", how.c_str(), 1);
    const Outcome outcome = run(Installed{}, id);
    ::unsetenv("BH_BAD_PLUGIN");
    INFO(id << ": " << outcome.detail);
    REQUIRE(outcome.verdict == Verdict::failed);
    return outcome.detail;
}

}  // namespace

TEST_CASE("a good plugin passes every check that applies") {
    const Installed good;
    const Report report = run_tests(good.subject(), {});
    for (const Outcome& outcome : report.outcomes) {
        INFO(outcome.test.id << ": " << outcome.detail);
        CHECK((outcome.verdict == Verdict::passed || outcome.verdict == Verdict::not_applicable));
    }
    CHECK(report.passed());
    CHECK(report.count(Verdict::passed) >= 38);
}

TEST_CASE("each bad plugin is diagnosed by name") {
    struct Row {
        const char *how, *check, *says;
    };
    for (const auto& [how, check, says] : {
             Row{"throws", "contract.documents", "an exception crossed the ABI: on purpose"},
             Row{"exits", "contract.documents", "ended the process (exit code 7) while in describe"},
             Row{"hangs", "contract.documents", "did not come back in time while in describe"},
             Row{"crashes", "contract.documents", "died by SIGSEGV while in describe"},
             Row{"bad-document", "contract.documents", "does not fit its schema"},
             Row{"leaks-thread", "hygiene.instance", "leaked 1 thread"},
             Row{"leaks-fd", "hygiene.instance", "leaked the descriptor"},
             Row{"inherits-fd", "hygiene.instance", "opened without CLOEXEC"},
             Row{"closes-foreign", "hygiene.instance", "closed the foreign descriptor 0"},
             Row{"installs-handler", "hygiene.instance", "installed a handler for SIGUSR1"},
             Row{"changes-directory", "hygiene.instance", "changed the working directory"},
             Row{"constructor-handler", "hygiene.load", "installed a handler for SIGUSR2"},
             Row{"writes-output", "hygiene.output", "stdout or stderr"},
             Row{"constructor-writes", "load.constructor", "openat"},
             Row{"wrong-id", "load.entry", "calls itself org.blockhost.impostor"},
             Row{"wrong-version", "load.entry", "version 9.9.9"},
             Row{"null-member", "load.entry", "lacks a function"},
             Row{"null-verb", "load.interfaces", "the member delegation_list is NULL"},
             Row{"short-interface", "load.interfaces", "struct_size"},
             Row{"offers-more", "load.interfaces", "lies about its interfaces: query() finds bh.storage/1"},
             Row{"blocks-in-query", "load.query", "clock_nanosleep"},
             Row{"leaks-memory", "lifecycle.create", "leaks"},
             Row{"deaf-quiesce", "lifecycle.quiesce", "BH_E_INTERRUPTED"},
             Row{"speechless", "contract.errors", "err->code BH_OK"},
             Row{"ignores-sink", "contract.sinks", "it must pass on the sink's status"},
             Row{"overflows", "contract.sizes", "beyond the bh_error"},
             Row{"twice", "job.same", "the same op_id made"},
             Row{"other-instance", "job.same", "the instance is somebody"},
             Row{"no-conflict", "job.conflict", "BH_E_CONFLICT"},
             Row{"never-removes", "job.remove", "lists what delegation_release removed"},
             Row{"half-done", "job.kill", "and asked again answers BH_E_CONFLICT"},
             Row{"cancel-leaves", "job.cancel", "is still there"},
             Row{"same-prefix", "ipv6.prefix", "overlap"},
             Row{"leaks-secret", "secret.canary", "stands in kernel-check/log"},
         }) {
        INFO(how);
        CHECK_THAT(diagnosis(how, check), ContainsSubstring(says));
    }
}

TEST_CASE("a manifest that promises an interface that is not there is a lie") {
    Installed liar;
    liar.manifest["interfaces"] = {"bh.ipv6/1", "bh.storage/1"};
    liar.write(read_file(FIXTURE_FOLDER "/plugin.so"));
    CHECK_THAT(run(liar, "load.entry").detail, ContainsSubstring("does not offer bh.storage/1"));
}

TEST_CASE("a file that exports two symbols, or can be unmapped, is told so") {
    Installed two;
    two.write(fixture("two-symbols"));
    CHECK_THAT(run(two, "lint.exports").detail, ContainsSubstring("another_symbol"));
    Installed deletable;
    deletable.write(fixture("deletable"));
    CHECK_THAT(run(deletable, "lint.linkage").detail, ContainsSubstring("-z nodelete"));
}

TEST_CASE("a stripped file is good, a forged one is told so") {
    Installed stripped;
    stripped.write(fixture("stripped"));
    CHECK(run(stripped, "lint.elf").verdict == Verdict::passed);
    CHECK(run(stripped, "lint.sections").verdict != Verdict::failed);
    Installed forged;
    std::string library = read_file(FIXTURE_FOLDER "/plugin.so");
    const std::uint64_t nowhere = UINT64_MAX - 63;
    std::memcpy(library.data() + offsetof(Elf64_Ehdr, e_shoff), &nowhere, sizeof nowhere);
    forged.write(library);
    CHECK_THAT(run(forged, "lint.sections").detail, ContainsSubstring("forged"));
    forged.write(library.substr(0, 4000));
    CHECK(run(forged, "lint.elf").verdict == Verdict::failed);
}

TEST_CASE("a file that was rewritten after it was hashed is told so") {
    const Installed rewritten;
    write_file(rewritten.dir.path() / "plugin.so", read_file(FIXTURE_FOLDER "/plugin.so") + "more");
    CHECK_THAT(run(rewritten, "lint.hash").detail, ContainsSubstring("rewritten after it was hashed"));
}

TEST_CASE("nothing else runs of a plugin that does not load, and the report says so") {
    const Installed broken;
    write_file(broken.dir.path() / "plugin.json", "{}");
    const Report report = run_tests(broken.subject(), {});
    CHECK_FALSE(report.passed());
    CHECK(report.count(Verdict::passed) == 0);
    CHECK(report.count(Verdict::not_run) > 20);
}

TEST_CASE("the report is for people and for machines") {
    const Installed good;
    RunOptions some;
    some.only = {"lint"};
    const Report report = run_tests(good.subject(), some);
    CHECK(report.passed());
    const std::string text = print_report(good.subject(), report);
    CHECK_THAT(text, ContainsSubstring("**Passed**: 7 checks passed") && ContainsSubstring("| lint.exports"));
    const json parsed = json::parse(print_json(good.subject(), report));
    CHECK(parsed["passed"] == true);
    CHECK(parsed["checks"].size() == 7);
    CHECK(parsed["plugin"] == "org.blockhost.check-fixture");
}

TEST_CASE("what check.json skips is skipped with its reason, and a key that there is not is refused") {
    const Installed plugin;
    plugin.setup({{"skip", {{"job.kill", "no reason"}}}});
    const Outcome outcome = run(plugin, "job.kill");
    CHECK(outcome.verdict == Verdict::skipped);
    CHECK(outcome.detail == "no reason");
    plugin.setup({{"skips", json::object()}});
    CHECK_THAT(run(plugin, "lint.manifest").detail, ContainsSubstring("/skips: is not a key"));
}
