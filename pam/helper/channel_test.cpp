#include "pam/helper/channel.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>

using namespace bh::guest;
using bh::guest_frame::Kind;

namespace {

struct Pair {
    Pair() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
            throw std::runtime_error{"socketpair"};
        host = ends[0];
        guest = ends[1];
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair() {
        ::close(host);
        ::close(guest);
    }
    void send(std::string_view bytes) const {
        REQUIRE(::write(host, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    }
    std::string received() const {
        std::array<char, 8192> buffer{};
        const ssize_t got = ::read(host, buffer.data(), buffer.size());
        return {buffer.data(), static_cast<std::size_t>(got < 0 ? 0 : got)};
    }
    int host = -1, guest = -1;
};

std::string request(std::uint64_t nonce, const std::string& text) {
    return *bh::guest_frame::encode({Kind::kRequest, nonce, text});
}
std::string answer(std::uint64_t nonce, const std::string& text) {
    return *bh::guest_frame::encode({Kind::kAnswer, nonce, text});
}

}  // namespace

TEST_CASE("each request is answered under its nonce, also when several come at once") {
    const Pair pair;
    Channel channel{pair.guest, [](std::string_view text) { return "<" + std::string{text} + ">"; }};
    pair.send(request(1, "a") + request(2, "b"));
    REQUIRE(channel.step(1000));
    CHECK(pair.received() == answer(1, "<a>") + answer(2, "<b>"));
}

TEST_CASE("a frame that was cut by the host's death costs only itself") {
    const Pair pair;
    Channel channel{pair.guest, [](std::string_view text) { return std::string{text}; }};
    pair.send(request(1, "lost").substr(0, 20) + request(2, "b"));
    REQUIRE(channel.step(1000));
    CHECK(pair.received() == answer(2, "b"));
}

TEST_CASE("answers that come back as an echo are not requests") {
    const Pair pair;
    Channel channel{pair.guest, [](std::string_view text) { return std::string{text}; }};
    pair.send(answer(1, "echo"));
    REQUIRE(channel.step(1000));
    CHECK(pair.received().empty());
}

TEST_CASE("a request may come byte by byte") {
    const Pair pair;
    Channel channel{pair.guest, [](std::string_view text) { return std::string{text}; }};
    for (const char byte : request(7, "slow")) {
        pair.send({&byte, 1});
        REQUIRE(channel.step(1000));
    }
    CHECK(pair.received() == answer(7, "slow"));
}

TEST_CASE("there is no such port here") {
    CHECK(find_port("org.blockhost.no-such-port").failure().reason == "no_port");
}
