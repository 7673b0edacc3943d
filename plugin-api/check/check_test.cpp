// The check itself: a good plugin passes all of it, and each bad one is told by name what is wrong.
#include "plugin-api/check/fixtures/bad_plugins.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <elf.h>

#include <algorithm>

using namespace bh::check;
using namespace bh::check::test;
using bh::host::test::fixture;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

struct Here : Installed {
    Here() : Installed{in_process_mode()} {}
};

}  // namespace

TEST_CASE("a good plugin passes every check that applies") {
    const Here good;
    const Report report = run_all(good);
    for (const Outcome& outcome : report.outcomes) {
        INFO(outcome.test.id << ": " << outcome.detail);
        CHECK((outcome.verdict == Verdict::passed || outcome.verdict == Verdict::not_applicable));
    }
    CHECK(report.passed());
    CHECK(report.count(Verdict::passed) >= 38);
}

TEST_CASE("each bad plugin is diagnosed by name") {
    for (const BadPlugin& bad : kBadPlugins) {
        INFO(bad.how);
        CHECK_THAT(diagnosis(in_process_mode(), bad.how, bad.check), ContainsSubstring(bad.says));
    }
}

TEST_CASE("a good hypervisor passes the checks of its extensions") {
    const Installed good{in_process_mode(), "", "hypervisor"};
    const Report report = run_all(good);
    for (const Outcome& outcome : report.outcomes) {
        INFO(outcome.test.id << ": " << outcome.detail);
        CHECK((outcome.verdict == Verdict::passed || outcome.verdict == Verdict::not_applicable));
        for (const char* group : {"hypervisor.", "resize.", "reinstall.", "snapshot."})
            if (outcome.test.id.starts_with(group)) CHECK(outcome.verdict == Verdict::passed);
    }
}

TEST_CASE("each bad hypervisor is diagnosed by name") {
    for (const BadHypervisor& bad : kBadHypervisors) {
        INFO(bad.how);
        CHECK_THAT(diagnosis(in_process_mode(), bad.how, bad.check, "hypervisor"), ContainsSubstring(bad.says));
    }
}

TEST_CASE("a manifest that promises an interface that is not there is a lie") {
    Here liar;
    liar.manifest["interfaces"] = {"bh.ipv6/1", "bh.storage/1"};
    liar.write(read_file(FIXTURE_FOLDER "/plugin.so"));
    CHECK_THAT(run(liar, "load.entry").detail, ContainsSubstring("does not offer bh.storage/1"));
}

TEST_CASE("a file that exports two symbols, or can be unmapped, is told so") {
    Here two;
    two.write(fixture("two-symbols"));
    CHECK_THAT(run(two, "lint.exports").detail, ContainsSubstring("another_symbol"));
    Here deletable;
    deletable.write(fixture("deletable"));
    CHECK_THAT(run(deletable, "lint.linkage").detail, ContainsSubstring("-z nodelete"));
}

TEST_CASE("a stripped file is good, a forged one is told so") {
    Here stripped;
    stripped.write(fixture("stripped"));
    CHECK(run(stripped, "lint.elf").verdict == Verdict::passed);
    CHECK(run(stripped, "lint.sections").verdict != Verdict::failed);
    Here forged;
    std::string library = read_file(FIXTURE_FOLDER "/plugin.so");
    const std::uint64_t nowhere = UINT64_MAX - 63;
    std::memcpy(library.data() + offsetof(Elf64_Ehdr, e_shoff), &nowhere, sizeof nowhere);
    forged.write(library);
    CHECK_THAT(run(forged, "lint.sections").detail, ContainsSubstring("forged"));
    forged.write(library.substr(0, 4000));
    CHECK(run(forged, "lint.elf").verdict == Verdict::failed);
}

TEST_CASE("a file that was rewritten after it was hashed is told so") {
    const Here rewritten;
    write_file(rewritten.dir.path() / "plugin.so", read_file(FIXTURE_FOLDER "/plugin.so") + "more");
    CHECK_THAT(run(rewritten, "lint.hash").detail, ContainsSubstring("rewritten after it was hashed"));
}

TEST_CASE("nothing else runs of a plugin that does not load, and the report says so") {
    const Here broken;
    write_file(broken.dir.path() / "plugin.json", "{}");
    const Report report = run_all(broken);
    CHECK_FALSE(report.passed());
    CHECK(report.count(Verdict::passed) == 0);
    CHECK(report.count(Verdict::not_run) > 20);
}

TEST_CASE("the report is for people and for machines") {
    const Here good;
    const Report report = run_all(good, {"lint"});
    CHECK(report.passed());
    const std::string text = print_text(good.subject(), {report});
    CHECK_THAT(text,
               ContainsSubstring("Passed in-process: 7 checks passed") && ContainsSubstring("passed  lint.exports"));
    const std::string markdown = print_markdown(good.subject(), {report});
    CHECK_THAT(markdown, ContainsSubstring("**Passed**") &&
                             ContainsSubstring("| lint.exports | It exports the entry") &&
                             ContainsSubstring(" | passed |\n"));
    const json parsed = json::parse(print_json(good.subject(), {report}));
    CHECK(parsed["passed"] == true);
    CHECK(parsed["modes"][0]["mode"] == "inprocess");
    CHECK(parsed["modes"][0]["checks"].size() == 7);
    CHECK(parsed["plugin"] == "org.blockhost.check-fixture");
}

TEST_CASE("what check.json skips is skipped with its reason, and a key that there is not is refused") {
    const Here plugin;
    plugin.setup({{"skip", {{"job.kill", "no reason"}}}});
    const Outcome outcome = run(plugin, "job.kill");
    CHECK(outcome.verdict == Verdict::skipped);
    CHECK(outcome.detail == "no reason");
    plugin.setup({{"skips", json::object()}});
    CHECK_THAT(run(plugin, "lint.manifest").detail, ContainsSubstring("/skips: is not a key"));
}

TEST_CASE("a mode that plugin.json does not allow is not run, and alone it is no success") {
    Here plugin;
    plugin.manifest["isolation"] = "process";
    plugin.write(bad_library(""));
    const Report report = run_all(plugin);
    CHECK(report.outcomes.empty());
    CHECK_THAT(report.not_allowed, ContainsSubstring("\"isolation\": \"process\""));
    CHECK_FALSE(passed({report}));
    CHECK_THAT(print_text(plugin.subject(), {report}), ContainsSubstring("not run: plugin.json says"));
}
