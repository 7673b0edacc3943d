#include "plugins/chain-evm/rpc/dial.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>

#include <cstring>

using namespace bh;
using namespace bh::evm;

namespace {

using namespace std::chrono_literals;

std::chrono::steady_clock::time_point in(std::chrono::milliseconds span) {
    return std::chrono::steady_clock::now() + span;
}

// Bound to a port of the loopback interface; listens if it shall.
struct Port {
    explicit Port(bool listens) : socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        if (listens) REQUIRE(::listen(socket.get(), 1) == 0);
        number = ntohs(address.sin_port);
    }
    Socket socket;
    std::uint16_t number = 0;
};

int option(const Socket& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    REQUIRE(::getsockopt(socket.get(), level, name, &value, &size) == 0);
    return value;
}

// A kernel with the service `connect`, or without.
struct KernelWithConnect {
    struct Asked {
        std::string host;
        std::uint16_t port = 0;
        std::uint64_t deadline_ns = 0;
    };
    explicit KernelWithConnect(bool granted) {
        kernel.struct_size = sizeof kernel;
        kernel.ctx = this;
        kernel.service = granted ? service : nothing;
    }
    static const void* nothing(const bh_kernel*, const char*) noexcept { return nullptr; }
    static const void* service(const bh_kernel*, const char* id) noexcept {
        static constexpr bh_svc_connect kConnect{sizeof(bh_svc_connect), 0, tcp};
        return std::strcmp(id, BH_SVC_CONNECT) == 0 ? &kConnect : nullptr;
    }
    static bh_status tcp(const bh_kernel* kernel, bh_str host, std::uint16_t port, std::uint64_t deadline_ns,
                         std::int32_t* fd, bh_error* err) noexcept {
        auto& self = *static_cast<KernelWithConnect*>(kernel->ctx);
        self.asked = {{host.ptr, host.len}, port, deadline_ns};
        if (self.answers == -1) {
            std::strcpy(err->reason, "not_granted");
            std::strcpy(err->message, "list it under grants.connect");
            return BH_E_DENIED;
        }
        *fd = self.answers;
        return BH_OK;
    }
    bh_kernel kernel{};
    Asked asked;
    int answers = -1;
};

}  // namespace

TEST_CASE("a connection by oneself is non-blocking, without delay, and not inherited") {
    const Port open{true};
    for (const char* host : {"127.0.0.1", "localhost"}) {
        const Result<Socket> socket = dial_directly(host, open.number, in(5s));
        REQUIRE(socket.ok());
        CHECK((::fcntl(socket->get(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK((::fcntl(socket->get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(option(*socket, IPPROTO_TCP, TCP_NODELAY) == 1);
    }
}

TEST_CASE("why there is no connection is told") {
    const Port closed{false};
    const Result<Socket> refused = dial_directly("127.0.0.1", closed.number, in(5s));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().code == BH_E_UNAVAILABLE);
    CHECK(refused.failure().message.find(std::to_string(closed.number) + ": Connection refused") != std::string::npos);
    const Port open{true};
    CHECK(dial_directly("127.0.0.1", open.number, in(-1ms)).failure().reason == "connect_timeout");
    CHECK(dial_directly("bad..name", 1, in(1s)).failure().reason == "connect_failed");
}

TEST_CASE("an instance that was given the service connect uses it, and nothing else") {
    const Port open{true};
    KernelWithConnect kernel{true};
    const Dial dial = make_dial(sdk::Kernel{kernel.kernel});
    kernel.answers = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int answered = kernel.answers;
    const Result<Socket> socket = dial("node.example", 443, std::chrono::steady_clock::time_point{5s});
    REQUIRE(socket.ok());
    CHECK(socket->get() == answered);
    CHECK(option(*socket, IPPROTO_TCP, TCP_NODELAY) == 1);
    CHECK(kernel.asked.host == "node.example");
    CHECK(kernel.asked.port == 443);
    CHECK(kernel.asked.deadline_ns == 5'000'000'000);
    // What is refused is not tried another way, although it would work.
    kernel.answers = -1;
    const Result<Socket> refused = dial("127.0.0.1", open.number, in(5s));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().code == BH_E_DENIED);
    CHECK(refused.failure().message == "list it under grants.connect");
}

TEST_CASE("an instance without the service connect connects by itself") {
    const Port open{true};
    KernelWithConnect kernel{false};
    CHECK(make_dial(sdk::Kernel{kernel.kernel})("127.0.0.1", open.number, in(5s)).ok());
    CHECK(kernel.asked.port == 0);
}
