#include "kernel/launch/process_id.hpp"

#include <sys/prctl.h>
#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <climits>
#include <fstream>
#include <string>

namespace bh::launch {
namespace {

TEST_CASE("a process's state, parent and start time are read") {
    const ProcessStat stat = process_stat(getpid());
    CHECK(stat.state == 'R');
    CHECK(stat.parent == getppid());
    double uptime = 0;
    REQUIRE(std::ifstream{"/proc/uptime"} >> uptime);
    const double started = static_cast<double>(stat.start_time) / static_cast<double>(sysconf(_SC_CLK_TCK));
    CHECK(started > 0);
    CHECK(started <= uptime);
}

TEST_CASE("a process name that looks like fields does not move them") {
    const ProcessStat before = process_stat(getpid());
    char name[16] = {};
    REQUIRE(prctl(PR_GET_NAME, name) == 0);
    REQUIRE(prctl(PR_SET_NAME, "a) Z 1 (b) 2") == 0);
    const ProcessStat named = process_stat(getpid());
    REQUIRE(prctl(PR_SET_NAME, name) == 0);
    CHECK(named.state == 'R');
    CHECK(named.parent == before.parent);
    CHECK(named.start_time == before.start_time);
}

TEST_CASE("a process that does not exist has state 0") {
    for (const pid_t pid : {0, -1, INT_MAX}) {
        CHECK(process_stat(pid).state == 0);
        CHECK(process_stat(pid).start_time == 0);
    }
}

TEST_CASE("the boot id is the kernel's, without the line's end") {
    char id[kBootIdSize];
    read_boot_id(id);
    std::string expected;
    REQUIRE(std::getline(std::ifstream{"/proc/sys/kernel/random/boot_id"}, expected));
    CHECK(id == expected);
}

}  // namespace
}  // namespace bh::launch
