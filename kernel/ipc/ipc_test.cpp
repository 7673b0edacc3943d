#include <fcntl.h>
#include "kernel/ipc/args.hpp"
#include "kernel/ipc/client.hpp"
#include "kernel/ipc/frame.hpp"
#include "kernel/ipc/server.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

using namespace bh;
using namespace bh::ipc;

namespace {

// A server on a socket of its own directory, in a thread, for one test.
class Fixture {
public:
    explicit Fixture(std::map<std::string, Verb> verbs, std::function<bool(const Peer&)> allowed = {}) {
        char pattern[] = "/tmp/bh-ipc-XXXXXX";
        directory_ = ::mkdtemp(pattern);
        auto server = Server::listen({directory_ + "/s", 0660, static_cast<gid_t>(-1), std::move(allowed), false},
                                     std::move(verbs));
        REQUIRE(server);
        stop_ = Fd{::eventfd(0, EFD_CLOEXEC)};
        thread_ = std::thread{[this, server = std::move(*server)]() mutable { server.run(stop_.get()); }};
    }
    ~Fixture() {
        const std::uint64_t one = 1;
        (void)!::write(stop_.get(), &one, sizeof one);
        thread_.join();
        std::filesystem::remove_all(directory_);
    }
    std::string path() const { return directory_ + "/s"; }

private:
    std::string directory_;
    Fd stop_;
    std::thread thread_;
};

Verb echo() {
    return {[](Request& request) -> bh::Result<Reply> {
                Args args{request.args};
                const auto text = args.text("text", 100000);
                if (auto bad = args.finish(); !bad) return bad.failure();
                return Reply{{{"text", text}}, std::move(request.fds)};
            },
            {}};
}

Fd raw_connection(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds{5}; }

}  // namespace

TEST_CASE("a verb answers its caller, large bodies and descriptors included") {
    const Fixture fixture{{{"echo", echo()}}};
    Client client{fixture.path(), "test"};
    const std::string large(90000, 'x');
    int pipes[2];
    REQUIRE(::pipe2(pipes, O_CLOEXEC) == 0);
    const Fd in{pipes[0]}, out{pipes[1]};
    auto answer = client.call("echo", {{"text", large}}, {out.get()});
    REQUIRE(answer);
    CHECK(answer->ok.at("text") == large);
    REQUIRE(answer->fds.size() == 1);
    REQUIRE(::write(answer->fds[0].get(), "!", 1) == 1);
    char byte = 0;
    REQUIRE(::read(in.get(), &byte, 1) == 1);
    CHECK(byte == '!');
}

TEST_CASE("an unknown verb, an unknown argument, a missing one and a wrong type are named") {
    const Fixture fixture{{{"echo", echo()}}};
    Client client{fixture.path(), "test"};
    const auto message = [&](std::string_view verb, const nlohmann::json& args) {
        auto answer = client.call(verb, args);
        REQUIRE_FALSE(answer);
        CHECK(answer.failure().code == BH_E_INVALID);
        return answer.failure().message;
    };
    CHECK(message("exec", nlohmann::json::object()) == "there is no verb \"exec\" here");
    CHECK(message("echo", {{"text", "a"}, {"shell", "b"}}) == "\"shell\" is not known here: check its spelling");
    CHECK(message("echo", nlohmann::json::object()) == "\"text\" is missing");
    CHECK(message("echo", {{"text", 5}}) == "\"text\" must be a string");
    CHECK(client.call("echo", {{"text", "still there"}}));
}

TEST_CASE("a peer that is not allowed is refused before any verb runs") {
    const Fixture fixture{{{"echo", echo()}}, [](const Peer& peer) { return peer.uid != ::getuid(); }};
    Client client{fixture.path(), "test"};
    auto answer = client.call("echo", {{"text", "a"}});
    REQUIRE_FALSE(answer);
    CHECK((answer.failure().code == BH_E_DENIED || answer.failure().code == BH_E_UNKNOWN_OUTCOME));
}

TEST_CASE("a verb that another peer may call refuses this one") {
    auto verb = echo();
    verb.allowed = [](const Peer& peer) { return peer.uid == ::getuid() + 1; };
    const Fixture fixture{{{"echo", verb}}};
    Client client{fixture.path(), "test"};
    auto answer = client.call("echo", {{"text", "a"}});
    REQUIRE_FALSE(answer);
    CHECK(answer.failure().code == BH_E_DENIED);
}

TEST_CASE("garbage ends the connection and harms nobody else") {
    const Fixture fixture{{{"echo", echo()}}};
    Client client{fixture.path(), "test"};
    REQUIRE(client.call("echo", {{"text", "before"}}));
    const std::string bodies[] = {
        "", "[]", "{", R"({"id":1})", R"({"id":1,"verb":"echo","args":{},"more":1})", std::string(1, '\0')};
    for (const auto& body : bodies) {
        const Fd raw = raw_connection(fixture.path());
        REQUIRE(send_frame(raw.get(), body, {}, soon()));
        auto reply = receive_frame(raw.get(), -1, soon());
        REQUIRE(reply);
        REQUIRE(*reply);
        CHECK((*reply)->body.find("protocol") != std::string::npos);
        auto end = receive_frame(raw.get(), -1, soon());
        CHECK((!end || !*end));
    }
    const Fd raw = raw_connection(fixture.path());
    const unsigned char huge[4] = {0xff, 0xff, 0xff, 0x7f};
    REQUIRE(::write(raw.get(), huge, sizeof huge) == 4);
    auto end = receive_frame(raw.get(), -1, soon());
    CHECK((!end || !*end));
    CHECK(client.call("echo", {{"text", "after"}}));
}

TEST_CASE("a client reconnects after the server was restarted, and says so plainly while it is down") {
    char pattern[] = "/tmp/bh-ipc-XXXXXX";
    REQUIRE(::mkdtemp(pattern) != nullptr);
    const std::string directory = pattern;
    Client client{directory + "/s", "blockhost-test"};
    auto down = client.call("echo", {{"text", "a"}});
    REQUIRE_FALSE(down);
    CHECK(down.failure().code == BH_E_UNAVAILABLE);
    CHECK(down.failure().message.find("blockhost-test does not answer on") == 0);
    for (int round = 0; round < 2; ++round) {
        auto server = Server::listen({directory + "/s", 0600, static_cast<gid_t>(-1), {}, false}, {{"echo", echo()}});
        REQUIRE(server);
        const Fd stop{::eventfd(0, EFD_CLOEXEC)};
        std::thread thread{[&] { server->run(stop.get()); }};
        CHECK(client.call("echo", {{"text", "a"}}));
        const std::uint64_t one = 1;
        (void)!::write(stop.get(), &one, sizeof one);
        thread.join();
    }
    std::filesystem::remove_all(directory);
}

TEST_CASE("hex and integers are read strictly") {
    const nlohmann::json object = {
        {"a", "0x0aFF"}, {"b", "0x0"}, {"c", "zz"}, {"n", 7}, {"big", 18446744073709551615ULL}, {"f", 1.5}};
    CHECK(Args{object}.hex("a", 2) == std::vector<std::uint8_t>{0x0a, 0xff});
    for (const char* name : {"b", "c"}) {
        Args args{object};
        CHECK(args.hex(name, 8).empty());
        CHECK_FALSE(args.finish());
    }
    CHECK(Args{object}.integer("n", 0, 7) == 7);
    for (const char* name : {"big", "f", "absent"}) {
        Args args{object};
        CHECK(args.integer(name, 0, 100) == 0);
        CHECK_FALSE(args.finish());
    }
    Args args{object};
    CHECK(args.integer("n", 8, 9) == 0);
    CHECK(args.finish().failure().message == "\"n\" must be from 8 to 9");
}
