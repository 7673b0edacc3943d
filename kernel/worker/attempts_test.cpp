// What is told of a file that a plugin opens: what is out of its reach, and nothing of what it may or what every
// library does.
#include "kernel/worker/attempts.hpp"

#include <catch2/catch_test_macros.hpp>

using bh::worker::attempt_on;
using bh::worker::Plan;

namespace {

Plan plan() {
    Plan made;
    made.paths = {{"/srv/pool", true},    {"/srv/images", false},
                  {"/srv/shared", false}, {"/srv/shared/state.json", true},
                  {"/tmp/kept", false},   {"/srv/pool/kept", false}};
    return made;
}

}  // namespace

TEST_CASE("what is out of reach is told, by its plain name") {
    const struct {
        const char* path;
        bool write;
        const char* told;
    } cases[] = {{"/etc/shadow", false, "open /etc/shadow"},
                 {"/usr/../etc//./shadow", false, "open /etc/shadow"},
                 {"etc/shadow", false, "open /etc/shadow"},
                 {"/srv/pool-2/x", false, "open /srv/pool-2/x"},
                 {"/proc/1/environ", false, "open /proc/1/environ"},
                 {"/etc/hosts", true, "write /etc/hosts"},
                 {"/usr/lib/x", true, "write /usr/lib/x"},
                 {"/srv/images/x", true, "write /srv/images/x"},
                 {"/x", true, "write /x"},
                 {"/tmp/kept/x", true, "write /tmp/kept/x"},
                 {"/srv/pool/kept/x", true, "write /srv/pool/kept/x"}};
    for (const auto& each : cases) {
        CAPTURE(each.path);
        CHECK(attempt_on(plan(), each.path, each.write) == each.told);
    }
}

TEST_CASE("what is granted, comes with the sandbox or is looked for by libraries is not") {
    const struct {
        const char* path;
        bool write;
    } cases[] = {{"/srv/pool/a/b", true},
                 {"/srv/pool", false},
                 {"/srv/images/x", false},
                 {"/srv/shared/state.json", true},
                 {"/srv", false},
                 {"/", false},
                 {"/etc", false},
                 {"/tmp/x", true},
                 {"/tmp/kept/x", false},
                 {"/dev/null", true},
                 {"/usr/lib/x86_64-linux-gnu/libc.so.6", false},
                 {"/lib64/ld-linux-x86-64.so.2", false},
                 {"/etc/ssl/certs/ca-certificates.crt", false},
                 {"/etc/nsswitch.conf", false},
                 {"/proc/self/maps", false},
                 {"/sys/devices/system/cpu/online", false},
                 {"", false}};
    for (const auto& each : cases) {
        CAPTURE(each.path);
        CHECK(attempt_on(plan(), each.path, each.write).empty());
    }
}

TEST_CASE("a file beside one that is granted alone is told with the remedy") {
    const std::string told = attempt_on(plan(), "/srv/shared/state.json.new", true);
    CHECK(told.starts_with("write /srv/shared/state.json.new (there launch.yaml grants /srv/shared/state.json alone"));
    CHECK(told.find("worker.write") != std::string::npos);
}
