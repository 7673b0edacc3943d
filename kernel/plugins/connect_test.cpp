#include "kernel/plugins/tcp_connect.hpp"
#include "kernel/plugins/testing.hpp"

#include <arpa/inet.h>
#include <blockhost/svc/connect.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstring>
#include <thread>

using namespace bh;
using namespace bh::plugins;
using namespace bh::plugins::testing;

namespace {

std::uint64_t in_ms(int ms) {
    return static_cast<std::uint64_t>(
        (std::chrono::steady_clock::now().time_since_epoch() + std::chrono::milliseconds{ms}).count());
}

SocketAddress four(const char* text, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, text, &address.sin_addr);
    SocketAddress out;
    std::memcpy(&out.storage, &address, sizeof address);
    out.size = sizeof address;
    return out;
}

struct Listener {
    explicit Listener(int backlog = 8) : fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        auto address = four("127.0.0.1", 0);
        REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), address.size) == 0);
        REQUIRE(::listen(fd.get(), backlog) == 0);
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0);
        port = ntohs(bound.sin_port);
    }
    Fd fd;
    std::uint16_t port = 0;
};

Endpoint at(std::string_view host, std::uint16_t port) { return *make_endpoint(host, port); }

}  // namespace

TEST_CASE("a socket is connected, non-blocking and closed on exec") {
    const Listener listener;
    const auto backend = make_connect_backend();
    const auto fd = backend->tcp(at("127.0.0.1", listener.port), in_ms(5000));
    REQUIRE(fd);
    CHECK((::fcntl(fd->get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
    const Fd other{::accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    REQUIRE(other.valid());
    REQUIRE(::write(fd->get(), "x", 1) == 1);
    char byte = 0;
    CHECK(::read(other.get(), &byte, 1) == 1);
    CHECK(byte == 'x');
}

TEST_CASE("nobody there, a deadline that is over, and one that comes are told apart") {
    const auto backend = make_connect_backend();
    std::uint16_t closed = 0;
    {
        const Listener gone;
        closed = gone.port;
    }
    const auto refused = backend->tcp(at("127.0.0.1", closed), in_ms(5000));
    CHECK(refused.failure().code == BH_E_UNAVAILABLE);
    CHECK(refused.failure().message.find(std::to_string(closed)) != std::string::npos);
    CHECK(backend->tcp(at("127.0.0.1", closed), 1).failure().code == BH_E_TIMEOUT);

    // A queue that is full: the next connection waits for an answer that does not come.
    const Listener full{0};
    std::vector<Fd> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        auto address = four("127.0.0.1", full.port);
        (void)::connect(waiting.back().get(), reinterpret_cast<sockaddr*>(&address.storage), address.size);
    }
    const auto begun = std::chrono::steady_clock::now();
    const auto late = backend->tcp(at("127.0.0.1", full.port), in_ms(200));
    CHECK(late.failure().code == BH_E_TIMEOUT);
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds{190});
}

TEST_CASE("each address of a name is tried, and what a name can't do is refused") {
    const Listener listener;
    std::vector<SocketAddress> answer;
    const auto backend = make_connect_backend(
        [&](const Endpoint&, std::uint64_t) -> Result<std::vector<SocketAddress>> { return answer; });
    std::uint16_t closed = 0;
    {
        const Listener gone;
        closed = gone.port;
    }
    answer = {four("127.0.0.1", closed), four("127.0.0.1", listener.port)};
    CHECK(backend->tcp(at("localhost", 80), in_ms(5000)).ok());
    for (const char* local : {"127.0.0.1", "127.9.9.9", "0.0.0.0"}) {
        answer = {four("192.0.2.1", 80), four(local, listener.port)};
        const auto denied = backend->tcp(at("node.example.org", 80), in_ms(5000));
        REQUIRE_FALSE(denied);
        CHECK(denied.failure().code == BH_E_DENIED);
        CHECK(denied.failure().reason == "name_is_local");
    }
    answer.clear();
    CHECK(backend->tcp(at("node.example.org", 80), in_ms(5000)).failure().code == BH_E_UNAVAILABLE);
}

TEST_CASE("the system's resolver keeps a deadline and says when there is no such name") {
    const auto resolve = system_resolver();
    const auto local = resolve(at("localhost", 80), in_ms(20000));
    REQUIRE(local);
    CHECK_FALSE(local->empty());
    const auto none = resolve(at("no-such-name.invalid", 80), in_ms(20000));
    REQUIRE_FALSE(none);
    CHECK((none.failure().code == BH_E_UNAVAILABLE || none.failure().code == BH_E_TIMEOUT));
}

TEST_CASE("the service connects to exactly what is granted") {
    const Listener listener, other;
    Log log;
    Store store;
    const auto backend = make_connect_backend();
    ServiceGrants grants;
    grants.services = {BH_SVC_CONNECT};
    grants.connect = {at("127.0.0.1", listener.port)};
    ServiceBackends backends{&log, &store};
    backends.connect = backend.get();
    const Services services{"a", grants, backends};
    const auto* vtable = service<bh_svc_connect>(services, BH_SVC_CONNECT);
    REQUIRE(vtable != nullptr);
    std::int32_t fd = -7;
    const auto tcp = [&](std::string_view host, std::uint16_t port) {
        return run_verb("a", [&](bh_error* err) {
            return vtable->tcp(services.kernel(), text(host), port, in_ms(5000), &fd, err);
        });
    };
    REQUIRE(tcp("127.0.0.1", listener.port));
    CHECK(fd >= 0);
    ::close(fd);
    fd = -7;
    const auto denied = tcp("127.0.0.1", other.port);
    CHECK(denied.failure().code == BH_E_DENIED);
    CHECK(denied.failure().reason == "not_granted");
    CHECK(denied.failure().message.find("grants.connect") != std::string::npos);
    CHECK(tcp("localhost", listener.port).failure().reason == "not_granted");  // another spelling is another place
    CHECK(tcp("127.0.0.2", listener.port).failure().reason == "not_granted");
    CHECK(tcp("127.1", listener.port).failure().reason == "bad_host");
    CHECK(tcp("", listener.port).failure().reason == "bad_host");
    CHECK(fd == -7);

    grants.services.clear();
    const Services without{"a", grants, backends};
    CHECK(service<void>(without, BH_SVC_CONNECT) == nullptr);
}
