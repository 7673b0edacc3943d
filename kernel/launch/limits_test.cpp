#include "kernel/launch/limits.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace bh::launch;

namespace {

struct Tree {
    Tree() {
        char name[] = "/tmp/bh-limits-XXXXXX";
        root = ::mkdtemp(name);
    }
    ~Tree() { std::filesystem::remove_all(root); }
    std::string root;
};

}  // namespace

TEST_CASE("without cgroups the limits are rlimits, and each reason is told once") {
    const Tree tree;
    const Limits limits = Limits::find("blockhost", tree.root);
    CHECK(limits.kind() == "rlimit");
    CHECK(limits.explanation() ==
          "cgroup2: not mounted with controllers; cgroup1: no writable memory and pids hierarchies");
}

TEST_CASE("a hierarchy that takes a limit and limits nothing is not used") {
    const Tree tree;
    std::ofstream{tree.root + "/cgroup.controllers"} << "cpu memory pids\n";
    std::ofstream{tree.root + "/cgroup.subtree_control"}.close();
    const Limits limits = Limits::find("blockhost", tree.root);
    CHECK(limits.kind() == "rlimit");
    CHECK(limits.explanation().starts_with("cgroup2: the controllers can't be enabled ("));
    CHECK(limits.explanation().ends_with("hierarchies"));
    std::ofstream{tree.root + "/cgroup.controllers"} << "cpu\n";
    CHECK(Limits::find("blockhost", tree.root).explanation().starts_with("cgroup2: has no memory and pids"));
}
