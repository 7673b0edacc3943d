// A node's WebSocket that drops, is silent, babbles, floods or lies: what it costs, and what is said of it.
#include "plugins/chain-evm/heads/heads.hpp"
#include "plugins/chain-evm/heads/ws_url.hpp"
#include "tests/chain-evm/anvil.hpp"
#include "tests/chain-evm/ws_peer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <time.h>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::uint64_t kChain = 31337;

struct Listener {
    explicit Listener(const std::string& url, WebSocketLimits limits = {}, const std::string& authorization = {},
                      const std::string& ca_file = {})
        : heads{std::make_unique<Route>(*parse_ws_url(url), std::nullopt, ca_file, Dial{}),
                authorization,
                kChain,
                system_clocks(),
                [this] { ++wakes; },
                limits,
                {milliseconds{2000}, milliseconds{2000}, milliseconds{10}, milliseconds{50}, milliseconds{60'000}}} {
        heads.start();
    }
    bool is(const std::string& state) const { return heads.view().state == state; }
    void wait_for_end(std::string_view words) {
        wait_for("the end of the connection", [&] { return heads.view().ends > 0; });
        INFO(heads.view().last_error);
        CHECK(heads.view().last_error.find(words) != std::string::npos);
    }

    std::atomic<std::uint64_t> wakes{0};
    Heads heads;
};

milliseconds since(Steady::time_point when) { return std::chrono::duration_cast<milliseconds>(Steady::now() - when); }

}  // namespace

TEST_CASE("each new head wakes, and the status says so") {
    std::atomic<int> told{0};
    WsPeer peer{[&](WsPeer::Session& session) {
        if (!session.accept()) return;
        for (std::uint64_t height = 5; height < 8 && session.head(height); ++height) ++told;
        session.head(99, "0xother");  // of a subscription that is not ours
        session.wait();
    }};
    Listener listener{peer.url()};
    wait_for("three heads", [&] { return listener.heads.view().told == 3; });
    const auto view = listener.heads.view();
    CHECK(view.state == "subscribed");
    CHECK(view.height == 7);
    CHECK(view.last_at.seconds > 1'700'000'000);
    CHECK(view.ends == 0);
    CHECK(listener.wakes == 4);  // and one when the subscription began
}

TEST_CASE("a node that hangs up is connected to again, and is not relied on meanwhile") {
    WsPeer peer{[](WsPeer::Session& session) {
        if (session.accept()) session.head(11);
    }};
    Listener listener{peer.url()};
    wait_for("a head", [&] { return listener.heads.view().told > 0; });
    wait_for("further connections", [&] { return peer.connections() >= 4; });
    CHECK(listener.heads.view().ends >= 3);
    CHECK_FALSE(listener.heads.view().last_error.empty());
    CHECK_FALSE(listener.heads.polled(10));
}

TEST_CASE("nobody there, no WebSocket there, another chain, no subscriptions: each has its words") {
    SECTION("nobody") {
        Listener listener{"ws://127.0.0.1:1/"};
        listener.wait_for_end("refused");
    }
    SECTION("a web server") {
        WsPeer peer{401U};
        Listener listener{peer.url()};
        listener.wait_for_end("HTTP status 401");
    }
    SECTION("another chain") {
        WsPeer peer{[](WsPeer::Session& session) {
            if (session.accept(1)) session.wait();
        }};
        Listener listener{peer.url()};
        listener.wait_for_end("serves chain 1");
        CHECK(listener.heads.view().told == 0);
    }
    SECTION("no subscriptions") {
        WsPeer peer{[](WsPeer::Session& session) {
            session.say(R"({"id":2,"error":{"code":-32601,"message":"notifications not supported"}})");
            session.wait();
        }};
        Listener listener{peer.url()};
        listener.wait_for_end("notifications not supported");
    }
}

TEST_CASE("a key goes into the header") {
    std::atomic<bool> right{false};
    WsPeer peer{[&](WsPeer::Session& session) {
        right = session.header("Authorization") == "Bearer key";
        if (session.accept()) session.wait();
    }};
    Listener listener{peer.url(), {}, "Bearer key"};
    wait_for("the subscription", [&] { return listener.is("subscribed"); });
    CHECK(right);
}

TEST_CASE("TLS trusts the same certificates as HTTP: those of the settings, for that name") {
    WsPeer peer{WsPeer::Tls{}, [](WsPeer::Session& session) {
                    if (session.accept() && session.head(5)) session.wait();
                }};
    SECTION("trusted") {
        Listener listener{peer.url(), {}, {}, peer.ca_file()};
        wait_for("a head", [&] { return listener.heads.view().told == 1; });
        const auto stopping = Steady::now();
        listener.heads.stop();
        CHECK(since(stopping) < milliseconds{1500});
    }
    SECTION("signed by nobody that the system trusts") {
        Listener listener{peer.url()};
        listener.wait_for_end("certificate");
    }
    SECTION("for another name") {
        std::string url = peer.url();
        url.replace(url.find("127.0.0.1"), 9, "localhost");
        Listener listener{url, {}, {}, peer.ca_file()};
        wait_for("the end", [&] { return listener.heads.view().ends > 0; });
        CHECK(listener.heads.view().told == 0);
    }
}

TEST_CASE("who does not even answer a ping is dead, who does is only quiet") {
    WebSocketLimits limits;
    limits.quiet = milliseconds{150};
    SECTION("dead") {
        WsPeer peer{[](WsPeer::Session& session) {
            if (!session.accept()) return;
            std::this_thread::sleep_for(milliseconds{3000});  // reads nothing
        }};
        Listener listener{peer.url(), limits};
        wait_for("the subscription", [&] { return listener.is("subscribed"); });
        listener.wait_for_end("nor answered a ping");
    }
    SECTION("quiet") {
        WsPeer peer{[](WsPeer::Session& session) {
            if (session.accept()) session.wait();
        }};
        Listener listener{peer.url(), limits};
        wait_for("the subscription", [&] { return listener.is("subscribed"); });
        const auto began = Steady::now();
        while (since(began) < limits.quiet * 8) std::this_thread::sleep_for(milliseconds{20});
        CHECK(listener.heads.view().ends == 0);
        CHECK(peer.connections() == 1);
    }
}

TEST_CASE("garbage ends the connection and nothing else") {
    const std::string bad =
        GENERATE_COPY(std::string{"\x81\x05hello"},                                 // text that is no JSON
                      std::string{"\x81\x03\xff\xfe\xfd"},                          // and no UTF-8
                      std::string{"\x8f\x00\x00", 3},                               // an opcode that does not exist
                      std::string{"\x83\x80\x01\x02\x03\x04", 6},                   // masked, as no server may
                      std::string{"\x89\x7e\x01\x00", 4} + std::string(256, 'x'),   // a ping that is too long
                      std::string{"\x81\x7f\x10\x00\x00\x00\x00\x00\x00\x00", 10},  // a frame of 2^60 bytes
                      std::string{"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x01", 10} + std::string(65'537, ' '));
    WsPeer peer{[&](WsPeer::Session& session) {
        if (session.accept() && session.raw(bad)) session.wait();
    }};
    Listener listener{peer.url()};
    wait_for("the end", [&] { return listener.heads.view().ends > 0; });
    CHECK(listener.heads.view().told == 0);
    wait_for("another connection", [&] { return peer.connections() > 1; });
}

TEST_CASE("a message in a thousand pieces ends the connection") {
    WsPeer peer{[](WsPeer::Session& session) {
        if (!session.accept() || !session.raw(std::string_view{"\x01\x01{", 3})) return;
        for (int i = 0; i < 1000 && session.raw(std::string_view{"\x00\x01 ", 3}); ++i) {
        }
        session.wait();
    }};
    Listener listener{peer.url()};
    listener.wait_for_end("too many pieces");
}

TEST_CASE("more pings than anybody needs end the connection") {
    WsPeer peer{[](WsPeer::Session& session) {
        if (!session.accept()) return;
        while (session.ping()) {
        }
    }};
    Listener listener{peer.url()};
    listener.wait_for_end("control frames");
}

TEST_CASE("a flood of heads is read at fifty a second, costs next to nothing, and stop() does not wait for it") {
    std::atomic<std::uint64_t> said{0};
    WsPeer peer{[&](WsPeer::Session& session) {
        if (!session.accept()) return;
        for (std::uint64_t height = 1; session.head(height); ++height) ++said;
    }};
    Listener listener{peer.url()};
    wait_for("the burst", [&] { return listener.heads.view().told >= Heads::kBurst; });
    const auto began = Steady::now();
    const std::uint64_t from = listener.heads.view().told;
    while (since(began) < milliseconds{2000}) std::this_thread::sleep_for(milliseconds{10});
    const auto read = listener.heads.view().told - from;
    CHECK(read <= static_cast<std::uint64_t>(since(began).count()) * Heads::kPerSecond / 1000 + 5);
    CHECK(said > listener.heads.view().told);
    const auto stopping = Steady::now();
    listener.heads.stop();
    CHECK(since(stopping) < milliseconds{1500});
}

TEST_CASE("stop() ends whatever runs") {
    SECTION("a quiet subscription") {
        WsPeer peer{[](WsPeer::Session& session) {
            if (session.accept()) session.wait();
        }};
        Listener listener{peer.url()};
        wait_for("the subscription", [&] { return listener.is("subscribed"); });
        const auto stopping = Steady::now();
        listener.heads.stop();
        CHECK(since(stopping) < milliseconds{1500});
    }
    SECTION("a node that does not answer") {
        WsPeer peer{[](WsPeer::Session& session) { session.wait(); }};
        Listener listener{peer.url()};
        wait_for("the connection", [&] { return peer.connections() > 0; });
        const auto stopping = Steady::now();
        listener.heads.stop();
        CHECK(since(stopping) < milliseconds{2500});
    }
    SECTION("the pause before the next connection") {
        Listener listener{"ws://127.0.0.1:1/"};
        wait_for("a failure", [&] { return listener.heads.view().ends > 0; });
        const auto stopping = Steady::now();
        listener.heads.stop();
        CHECK(since(stopping) < milliseconds{1500});
    }
}

TEST_CASE("a node that stops telling of blocks is found out by the polls") {
    std::atomic<bool> tells{true}, silent{false};
    std::atomic<std::uint64_t> said{0};
    WsPeer peer{[&](WsPeer::Session& session) {
        if (!session.accept()) return;
        for (std::uint64_t height = 1; tells; ++height) {
            if (!session.head(height)) return;
            said = height;
            std::this_thread::sleep_for(milliseconds{40});
        }
        silent = true;
        session.wait();
    }};
    Listener listener{peer.url()};
    wait_for("a first head", [&] { return listener.heads.view().told > 0; });
    std::uint64_t height = 1'000'000;
    (void)listener.heads.polled(height);
    std::uint64_t heard = listener.heads.view().told;
    wait_for("a head", [&] { return listener.heads.view().told > heard; });
    CHECK(listener.heads.polled(++height));
    tells = false;
    wait_for("the last head", [&] { return silent && listener.heads.view().told == said; });
    (void)listener.heads.polled(height);
    (void)listener.heads.polled(++height);
    CHECK_FALSE(listener.heads.polled(++height));
    CHECK(listener.is("silent"));
}
