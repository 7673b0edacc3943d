// The kernel's end of a channel against a worker that is none: whatever comes, the conversation ends, in time, and
// nothing but the reply's own outputs was touched.
#include "kernel/worker/context.hpp"
#include "kernel/worker/line.hpp"

#include <catch2/catch_test_macros.hpp>

#include <blockhost/kind/hypervisor.h>
#include <sys/socket.h>
#include <unistd.h>
#include <thread>

using namespace bh;
using namespace bh::worker;

namespace {

const void* no_service(const bh_kernel*, const char*) noexcept { return nullptr; }
const bh_kernel kKernel{sizeof(bh_kernel), 0, nullptr, {"test", 4}, no_service};
constexpr std::uint16_t kStats = Rows<bh_hypervisor>::first + 6, kGet = Rows<bh_hypervisor>::first + 4;
constexpr std::uint64_t kSoon = 30'000'000;

using StatsExchange = TypedExchange<bh_str, bh_vm_stats*, bh_error*>;

struct Peer {
    Peer() {
        auto pair = make_stream_pair();
        line.emplace(Channel{std::move(pair->mine)}, Fd{}, &kKernel);
        far = std::move(pair->theirs);
    }
    void say(std::span<const std::uint8_t> bytes) {
        REQUIRE(::send(far.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    }
    void say(Writer& frame) { say(frame.frame()); }
    End ask(Outcome& outcome, bh_vm_stats& stats, bh_error& err) {
        stats.struct_size = sizeof stats;
        err.struct_size = sizeof err;
        const StatsExchange exchange{kStats, "vm_stats", {view("vm"), &stats, &err}};
        return line->call(exchange, {0, monotonic_ns() + kSoon}, outcome);
    }
    End ask() {
        Outcome outcome;
        bh_vm_stats stats{};
        bh_error err{};
        return ask(outcome, stats, err);
    }
    std::optional<Line> line;
    Fd far;
};

Writer good_reply() {
    Writer out;
    out.begin(Kind::kReply, kStats);
    out.number(BlockedWords{});
    out.number(bh_status{BH_OK});
    bh_vm_stats stats{};
    stats.struct_size = sizeof stats;
    stats.cpu_ns = 7;
    out.bytes(&stats, sizeof stats);
    return out;
}

}  // namespace

TEST_CASE("a reply is read whole, and in pieces") {
    Peer peer;
    Writer reply = good_reply();
    const auto bytes = reply.frame();
    peer.say(bytes.first(5));
    std::thread later{[&] { peer.say(bytes.subspan(5)); }};
    Outcome outcome;
    bh_vm_stats stats{};
    bh_error err{};
    CHECK(peer.ask(outcome, stats, err) == End::kReply);
    later.join();
    CHECK(outcome.status == BH_OK);
    CHECK(stats.cpu_ns == 7);
}

TEST_CASE("a reply that is cut anywhere ends the conversation") {
    Writer reply = good_reply();
    const auto bytes = reply.frame();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        Peer peer;
        peer.say(bytes.first(size));
        peer.far.reset();
        CHECK(peer.ask() == End::kGone);
    }
}

TEST_CASE("a reply with any byte changed is a reply, garbage, or never complete") {
    Writer reply = good_reply();
    std::vector<std::uint8_t> bytes{reply.frame().begin(), reply.frame().end()};
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const std::uint8_t flip : {0x01, 0x80, 0xff}) {
            Peer peer;
            bytes[at] ^= flip;
            peer.say(bytes);
            bytes[at] ^= flip;
            const End end = peer.ask();
            CHECK((end == End::kReply || end == End::kGarbage || end == End::kOverdue));
            if (at < sizeof(Header)) CHECK(end != End::kReply);
        }
    }
}

TEST_CASE("a reply of another verb, of a state that is none, or with a rest is garbage") {
    for (const auto& [kind, number] :
         {std::pair{Kind::kReply, kGet}, std::pair{Kind::kReady, kStats}, std::pair{Kind::kCall, kStats},
          std::pair{Kind::kAnswer, kStats}, std::pair{static_cast<Kind>(99), kStats}, std::pair{Kind::kRequest, kStats},
          std::pair{Kind::kRequest, std::uint16_t{0xffff}}, std::pair{Kind::kEvent, kStats}}) {
        Peer peer;
        Writer out;
        out.begin(kind, number);
        out.number(bh_status{BH_E_BUSY});
        peer.say(out);
        CHECK(peer.ask() == End::kGarbage);
    }
    Peer peer;
    Writer rest = good_reply();
    rest.number(std::uint8_t{0});
    peer.say(rest);
    CHECK(peer.ask() == End::kGarbage);
}

TEST_CASE("that a verb blocked which never promised not to is garbage; that the query for it did is told") {
    for (const BlockedWords words : {BlockedWords{1, 0}, BlockedWords{0, 12}}) {
        Peer peer;
        Writer out = good_reply();
        out.put_first(words);
        peer.say(out);
        Outcome outcome;
        bh_vm_stats stats{};
        bh_error err{};
        CHECK(peer.ask(outcome, stats, err) == (words.verb_ms > 0 ? End::kGarbage : End::kReply));
        CHECK(outcome.blocked.query_ms == words.query_ms);
    }
}

TEST_CASE("a size beyond the limit is not waited for, and no memory is taken for it") {
    Peer peer;
    const Header header{0xfffffff0, Kind::kReply, kStats};
    peer.say({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
    CHECK(peer.ask() == End::kGarbage);
}

TEST_CASE("silence is overdue") { CHECK(Peer{}.ask() == End::kOverdue); }

TEST_CASE("a service that is not granted, and a checkpoint without a call, are refused, not garbage") {
    Peer peer;
    Writer request;
    request.begin(Kind::kRequest, Rows<bh_svc_store>::first);
    request.text("key");
    peer.say(request);
    Writer save;
    save.begin(Kind::kRequest, Rows<bh_call>::first);
    save.text("checkpoint");
    peer.say(save);
    Writer reply = good_reply();
    peer.say(reply);
    CHECK(peer.ask() == End::kReply);
    Channel far{std::move(peer.far)};
    Buffer buffer;
    Frame frame;
    REQUIRE(far.receive(buffer, frame, true) == Got::kFrame);
    CHECK(frame.kind == Kind::kCall);
    for (int i = 0; i < 2; ++i) {
        REQUIRE(far.receive(buffer, frame, true) == Got::kFrame);
        CHECK(frame.kind == Kind::kAnswer);
        Reader in{frame.payload};
        CHECK(in.number<bh_status>() == BH_E_DENIED);
    }
}

TEST_CASE("arrays must be as long as the count that goes with them") {
    // store.put says three keys and two values; the dispatch refuses before any service is asked.
    static int asked = 0;
    static const bh_svc_store store{sizeof(bh_svc_store), 0, nullptr,
                                    [](const bh_kernel*, const bh_str*, const bh_bytes*, std::uint32_t,
                                       bh_error*) noexcept -> bh_status { return ++asked, bh_status{BH_OK}; },
                                    nullptr};
    static const bh_kernel kernel{
        sizeof(bh_kernel), 0, nullptr, {"test", 4}, [](const bh_kernel*, const char*) noexcept -> const void* {
            return &store;
        }};
    for (const std::uint32_t values : {3U, 2U, 0xffffffffU}) {
        auto pair = make_stream_pair();
        Line line{Channel{std::move(pair->mine)}, Fd{}, &kernel};
        Writer put;
        put.begin(Kind::kRequest, Rows<bh_svc_store>::first + 1);
        put.number(std::uint32_t{3});
        for (const char* key : {"a", "b", "c"}) put.text(key);
        put.number(values);
        for (std::uint32_t i = 0; i < std::min(values, 3U); ++i) put.text("v");
        put.number(std::uint32_t{3});
        const auto bytes = put.frame();
        REQUIRE(::send(pair->theirs.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
        CHECK(line.serve_pending() == (values == 3 ? End::kReply : End::kGarbage));
    }
    CHECK(asked == 1);
}
