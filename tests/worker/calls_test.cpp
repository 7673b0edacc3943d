// What a plugin in a worker can do like one in this process: every kind of argument, every service, in both directions.
#include "tests/worker/world.hpp"

#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

using namespace bh;
using namespace bh::worker;
using namespace bh::worker::testing;

TEST_CASE("a wake is one word to the kernel, from a verb and from a thread") {
    World world;
    CHECK(*world.ask("wake", "3") == "woken");
    CHECK(world.wakes == 3);
    CHECK(*world.ask("wake") == "for ever");
    CHECK(wait_until([&] { return world.wakes > 3; }));
}

TEST_CASE("verbs, structs and documents come through, and the ports can't tell") {
    World world;
    REQUIRE(world.first);
    CHECK(world.worker->state().word == "running");
    CHECK(world.instance.health());
    CHECK(world.ask("echo", "hello").value() == "hello");
    const auto stats = world.stats("four");
    REQUIRE(stats);
    CHECK(stats->struct_size == sizeof(bh_vm_stats));
    CHECK(stats->uptime_s == 4);
    CHECK(stats->cpu_ns == 42);
    CHECK(stats->memory_used_bytes == -1);
    auto port = plugins::make_hypervisor_port(world.instance);
    REQUIRE(port);
    CHECK((*port)->vm_list("").value().vms.empty());
    CHECK((*port)->vm_get("x").failure().code == BH_E_NOT_FOUND);
    // The probe's manifest promises no storage.
    CHECK_FALSE(plugins::make_storage_port(world.instance));
    const auto findings = plugins::document_verb("probe", parse_findings, [&](bh_sink out, bh_error* err) {
        return world.instance.plugin->check(world.worker->handle(), view("{}"), 0, out, err);
    });
    CHECK(findings.value().empty());
}

TEST_CASE("a document of one mebibyte passes both ways, a byte more does not") {
    World world;
    const std::string largest(kMaxDocument, 'x');
    CHECK(world.ask("echo", largest).value() == largest);
    CHECK(world.ask("much").failure().code == BH_E_EXHAUSTED);
    CHECK(world.ask("echo", std::string(3 << 20, 'x')).failure().reason == "too_large");
    CHECK(world.ask("echo", "still there").value() == "still there");
}

TEST_CASE("the context of a call arrives, and its checkpoint is saved in the kernel") {
    World world;
    life::Call call;
    call.op_id = "a0b1";
    call.trace_id = "trace";
    call.attempt = 7;
    call.checkpoint = {1, 2, 3};
    CHECK(world.ask(call, "context").value() == "a0b1/7/trace/3");
    Bytes saved;
    call.save = [&](const Bytes& checkpoint) -> Status {
        saved = checkpoint;
        return Failure{BH_E_EXHAUSTED, "disk_full", "the disk is full"};
    };
    const auto refused = world.ask(call, "save-crash", "key");
    CHECK(saved == Bytes{'k', 'e', 'y'});
    CHECK(refused.failure().code == BH_E_EXHAUSTED);
    CHECK(refused.failure().reason == "disk_full");
}

TEST_CASE("a running verb is told to stop, and why") {
    World world;
    struct Stop final : life::Cancel {
        Fd event{::eventfd(0, EFD_CLOEXEC)};
        std::atomic<std::uint32_t> why{BH_CANCEL_NONE};
        [[nodiscard]] std::uint32_t reason() const noexcept override { return why; }
        [[nodiscard]] int fd() const noexcept override { return event.get(); }
    } stop;
    life::Call call;
    call.cancel = &stop;
    std::thread later{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        stop.why = BH_CANCEL_SHUTDOWN;
        const std::uint64_t one = 1;
        REQUIRE(::write(stop.event.get(), &one, sizeof one) == sizeof one);
    }};
    CHECK(world.ask(call, "stop").value() == "reason " + std::to_string(BH_CANCEL_SHUTDOWN));
    later.join();
    // The deadline tells it, too, and an older word is not taken for this call's.
    life::Call timed;
    timed.deadline_ns = monotonic_ns() + 3'000'000'000;
    CHECK(world.ask(timed, "stop").value() == "reason " + std::to_string(BH_CANCEL_DEADLINE));
}

TEST_CASE("services are there when they are granted, and only then") {
    World plain;
    CHECK(plain.ask("store", "one").value() == R"(one{"keys":["a/1","a/2"],"next":""})");
    for (const char* service : {"secret", "sign", "launch"}) CHECK(plain.ask(service).value() == "no service");

    Options options;
    options.grants = {{BH_SVC_SECRETS, BH_SVC_SIGNER, BH_SVC_LAUNCH}, {"agent"}, {}};
    launch::testing::Place place;
    launch::testing::write_text(place / "token", "canary");
    REQUIRE(::chmod((place / "token").c_str(), 0600) == 0);
    options.grants.secrets["token"] = place / "token";
    World world{options};
    CHECK(world.ask("secret", "token").value() == "6:canary");
    CHECK(world.ask("secret", "other").failure().reason == "not_granted");
    CHECK(world.ask("sign", "agent").value() == "probe/agent/eip1559-tx");
    CHECK(world.ask("sign", "statement").failure().code == BH_E_DENIED);
    CHECK(world.ask("launch", to_json(UnitSpec{})).failure().reason == "refused");
    CHECK(world.launching.unit == "unit");
    CHECK(world.launching.fds == 1);
    CHECK(world.launching.written);
}

namespace {

// Answers "pong" to each connection; says how many came. `deaf`: takes none, so that a connection may have to wait.
class Peer {
public:
    explicit Peer(bool deaf = false) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(fd_.get(), deaf ? 0 : 8) == 0);
        REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port = std::to_string(ntohs(address.sin_port));
        if (deaf) {
            for (int i = 0; i < 4; ++i) {
                waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
                (void)::connect(waiting_.back().get(), reinterpret_cast<sockaddr*>(&address), size);
            }
            return;
        }
        server_ = std::thread{[this] {
            for (;;) {
                const Fd peer{::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
                if (!peer.valid()) return;
                ++came;
                char text[4];
                if (::recv(peer.get(), text, sizeof text, MSG_WAITALL) == 4) (void)!::send(peer.get(), "pong", 4, 0);
            }
        }};
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() {
        ::shutdown(fd_.get(), SHUT_RDWR);
        if (server_.joinable()) server_.join();
    }
    std::string port;
    std::atomic<int> came{0};

private:
    Fd fd_;
    std::vector<Fd> waiting_;
    std::thread server_;
};

plugins::Endpoint loopback(const Peer& peer) { return *plugins::parse_endpoint("127.0.0.1:" + peer.port); }

}  // namespace

TEST_CASE("the kernel hands connected sockets to granted places, and to no other") {
    Peer peer, other;
    Options options;
    options.grants.services = {BH_SVC_CONNECT};
    options.grants.connect = {loopback(peer)};
    World world{options};
    REQUIRE(world.first);
    CHECK(world.ask("tcp", "127.0.0.1 " + peer.port).value() == "pong cloexec nonblock");
    const auto denied = world.ask("tcp", "127.0.0.1 " + other.port);
    CHECK(denied.failure().code == BH_E_DENIED);
    CHECK(denied.failure().reason == "not_granted");
    CHECK(denied.failure().message.find("grants.connect") != std::string::npos);
    CHECK(world.ask("tcp", "localhost " + peer.port).failure().reason == "not_granted");
    // Its own network has no way there, and a socket from the kernel goes nowhere else.
    CHECK(world.ask("socket").value() == "EPERM");
    CHECK(world.ask("reuse", peer.port + " " + other.port).value() == "EPERM");
    CHECK(other.came == 0);
    CHECK(world.ask("echo", "alive").value() == "alive");

    World without;
    CHECK(without.ask("tcp", "127.0.0.1 " + peer.port).value() == "no service");
}

TEST_CASE("a connection that waits keeps its deadline and nobody else") {
    Peer deaf{true}, peer;
    Options options;
    options.grants.services = {BH_SVC_CONNECT};
    options.grants.connect = {loopback(deaf), loopback(peer)};
    World world{options};
    life::Call timed;
    timed.deadline_ns = monotonic_ns() + 1'500'000'000;
    for (int i = 0; i < 3; ++i) CHECK(world.ask("tcp-thread", deaf.port).value() == "started");  // 5 s each
    std::optional<Result<std::string>> late;
    std::thread waiting{[&] { late = world.ask(timed, "tcp", "127.0.0.1 " + deaf.port); }};
    const auto begun = monotonic_ns();
    CHECK(world.ask("tcp", "127.0.0.1 " + peer.port).value() == "pong cloexec nonblock");
    CHECK(world.ask("store", "one").ok());
    CHECK(world.ask("thread").value() == "ok");  // another thread of the plugin's own
    CHECK(monotonic_ns() < timed.deadline_ns);
    waiting.join();
    CHECK(late->failure().code == BH_E_TIMEOUT);
    CHECK(monotonic_ns() - begun < 10'000'000'000);
    // An end is noticed while a thread of the plugin still waits.
    CHECK_FALSE(world.ask("crash").ok());
    CHECK(world.worker->state().last_end.find("signal 11") != std::string::npos);
}

TEST_CASE("connected sockets and sockets of its own exclude each other") {
    Peer peer;
    Options options;
    options.worker += ", local_sockets: true";
    options.grants.services = {BH_SVC_CONNECT};
    options.grants.connect = {loopback(peer)};
    World world{options};
    REQUIRE_FALSE(world.first);
    CHECK(world.first.failure().reason == "local_sockets");
}

TEST_CASE("threads of the plugin reach the kernel, too") {
    World world;
    CHECK(world.ask("thread").value() == "ok");
    CHECK(wait_until([&] { return world.log.has("from a thread"); }));
    CHECK(world.store.get("", "thread").value() == Bytes{'1'});
}

TEST_CASE("verbs run side by side") {
    World world;
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 12; ++i) {
        threads.emplace_back([&, i] {
            for (int j = 0; j < 50; ++j) {
                const std::string text = std::to_string(i) + "/" + std::to_string(j);
                const auto answer = world.ask("echo", text);
                if (answer && *answer == text) ++good;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(good == 600);
}

TEST_CASE("a plugin that can't be made says why") {
    Options options;
    options.config = R"({"fail":"told"})";
    World refused{options};
    CHECK(refused.first.failure().code == BH_E_UNAVAILABLE);
    CHECK(refused.first.failure().message == "the configuration says so");
    options.config = R"({"fail":"crash"})";
    World crashed{options};
    CHECK(crashed.first.failure().message.find("signal 11") != std::string::npos);
}
