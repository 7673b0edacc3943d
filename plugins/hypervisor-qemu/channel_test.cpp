// The guest channel and the monitor against peers that misbehave.
#include "plugins/hypervisor-qemu/guest_channel.hpp"
#include "plugins/hypervisor-qemu/qmp.hpp"
#include "plugins/hypervisor-qemu/testing.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace hypervisor_qemu;
using namespace hypervisor_qemu::testing;
using namespace std::chrono_literals;
using bh::guest_frame::Decoder;
using bh::guest_frame::encode;
using bh::guest_frame::Frame;
using bh::guest_frame::Kind;

namespace {

// Requests of a connection, one after the other, until it ends.
void each_request(int fd, const std::function<void(const Frame&)>& serve) {
    Decoder decoder;
    for (std::string got; !(got = read_some(fd)).empty();) {
        std::string_view input = got;
        while (const auto frame = decoder.take(input)) serve(*frame);
    }
}

bh::Result<std::string> ask(GuestChannel& channel, const std::string& path, const std::string& request,
                            std::chrono::milliseconds time = 5000ms) {
    const auto answer =
        channel.exchange(path, bh::Bytes(request.begin(), request.end()), std::chrono::steady_clock::now() + time, -1);
    if (!answer) return answer.failure();
    return std::string(answer->begin(), answer->end());
}

std::string answer_to(const Frame& request, const std::string& payload) {
    return *encode({Kind::kAnswer, request.nonce, payload});
}

}  // namespace

TEST_CASE("answers come back over one connection, whatever bytes are around them") {
    Directory directory;
    Peer guest{directory / "guest", [](int fd) {
                   each_request(fd, [&](const Frame& request) {
                       put(fd,
                           "junk\xff"
                           "BHG1a00cut" +
                               *encode({Kind::kAnswer, request.nonce + 1, "late"}) + *encode(request) +
                               answer_to(request, "re " + request.payload));
                   });
               }};
    GuestChannel channel;
    CHECK(*ask(channel, directory / "guest", "one") == "re one");
    CHECK(*ask(channel, directory / "guest", "two") == "re two");
    CHECK(guest.connections == 1);
}

TEST_CASE("a silent or flooding guest is unavailable at the deadline, and the next exchange starts afresh") {
    Directory directory;
    std::atomic<bool> silent = true;
    const bool floods = GENERATE(false, true);
    Peer guest{directory / "guest", [&](int fd) {
                   each_request(fd, [&](const Frame& request) {
                       if (!silent) return put(fd, answer_to(request, "up"));
                       for (int i = 0; floods && i < 200; ++i) put(fd, *encode({Kind::kAnswer, 1, "flood"}));
                   });
               }};
    GuestChannel channel;
    const auto nothing = ask(channel, directory / "guest", "one", 200ms);
    REQUIRE_FALSE(nothing);
    CHECK(nothing.failure().code == BH_E_UNAVAILABLE);
    silent = false;
    CHECK(*ask(channel, directory / "guest", "two") == "up");
    CHECK(guest.connections == 2);
}

TEST_CASE("a connection that died between two exchanges is made again") {
    Directory directory;
    Peer guest{directory / "guest", [](int fd) {
                   Decoder decoder;
                   const std::string got = read_some(fd);
                   std::string_view input = got;
                   if (const auto frame = decoder.take(input)) put(fd, answer_to(*frame, "bye"));
               }};
    GuestChannel channel;
    CHECK(*ask(channel, directory / "guest", "one") == "bye");
    CHECK(*ask(channel, directory / "guest", "two") == "bye");
}

TEST_CASE("without a guest, and with a request that is no text, the answer says so") {
    Directory directory;
    GuestChannel channel;
    CHECK(ask(channel, directory / "none", "one").failure().code == BH_E_UNAVAILABLE);
    CHECK(ask(channel, directory / "none", "\xff").failure().code == BH_E_INVALID);
    CHECK(ask(channel, directory / "none", std::string(16385, 'x')).failure().code == BH_E_INVALID);
}

TEST_CASE("the monitor is understood between its events") {
    Directory directory;
    Peer qemu{directory / "qmp", [](int fd) {
                  put(fd, "{\"QMP\": {\"version\": {}}}\r\n");
                  (void)read_some(fd);
                  put(fd, "{\"return\": {}}\r\n{\"event\": \"RESUME\"}\r\n");
                  (void)read_some(fd);
                  put(fd, "{\"event\": \"STOP\"}\r\n{\"return\": {\"status\": \"running\"}}\r\n");
                  (void)read_some(fd);
              }};
    const auto status = qmp(directory / "qmp", "query-status");
    REQUIRE(status);
    CHECK((*status)["status"] == "running");
}

TEST_CASE("a monitor that refuses, dies or talks nonsense is an error of the backend") {
    Directory directory;
    const auto answer = GENERATE(as<std::string>{}, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n",
                                 "nonsense\n", "[1]\n", "");
    Peer qemu{directory / "qmp", [&](int fd) {
                  put(fd, "{\"QMP\": {}}\n");
                  (void)read_some(fd);
                  put(fd, "{\"return\": {}}\n");
                  (void)read_some(fd);
                  put(fd, answer);
              }};
    const auto status = qmp(directory / "qmp", "system_reset");
    REQUIRE_FALSE(status);
    CHECK(status.failure().code == (answer.starts_with("{") ? BH_E_UNAVAILABLE : BH_E_UNKNOWN_OUTCOME));
}

TEST_CASE("a monitor that does not greet is given up") {
    Directory directory;
    Peer qemu{directory / "qmp", [](int fd) { (void)read_some(fd); }};
    const auto before = std::chrono::steady_clock::now();
    CHECK(qmp(directory / "qmp", "query-status").failure().code == BH_E_UNAVAILABLE);
    CHECK(std::chrono::steady_clock::now() - before < 10s);
    CHECK(qmp(directory / "none", "query-status").failure().code == BH_E_UNAVAILABLE);
}
