// HTTP as providers and networks make it: TLS with a certificate of one's own, a proxy with a password, keys in
// headers, bodies without end.
#include "plugins/chain-evm/rpc/rpc_node.hpp"
#include "plugins/chain-evm/rpc/stream.hpp"
#include "tests/chain-evm/endpoint.hpp"
#include "tests/chain-evm/raw_server.hpp"

#include <httplib.h>

#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;

namespace {

// A directory with a key and a certificate for 127.0.0.1, or another name, that nobody has signed.
class Certificate {
public:
    explicit Certificate(const std::string& name = "IP:127.0.0.1") {
        char pattern[] = "/tmp/bh-tls-XXXXXX";
        path_ = ::mkdtemp(pattern);
        const std::string command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
            "-subj /CN=test -addext subjectAltName=" +
            name + " -keyout " + key() + " -out " + certificate() + " 2>/dev/null";
        REQUIRE(std::system(command.c_str()) == 0);
    }
    ~Certificate() { std::filesystem::remove_all(path_); }
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;
    [[nodiscard]] std::string key() const { return path_ + "/key.pem"; }
    [[nodiscard]] std::string certificate() const { return path_ + "/certificate.pem"; }

private:
    std::string path_;
};

// Runs a server on a free port of the loopback interface while it lives.
class Running {
public:
    explicit Running(httplib::Server& server) : server_{server}, port_{server.bind_to_any_port("127.0.0.1")} {
        thread_ = std::thread{[this] { server_.listen_after_bind(); }};
        while (!server_.is_running()) std::this_thread::yield();
    }
    ~Running() {
        server_.stop();
        thread_.join();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    [[nodiscard]] std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }

private:
    httplib::Server& server_;
    const int port_;
    std::thread thread_;
};

void answer(const httplib::Request& request, httplib::Response& response) {
    const auto call = nlohmann::json::parse(request.body);
    response.set_content(nlohmann::json{{"jsonrpc", "2.0"}, {"id", call.at("id")}, {"result", "0x7a69"}}.dump(),
                         "application/json");
}

// A dialer that opens everything at one port of this machine, and remembers what it was asked for.
struct Dialled {
    explicit Dialled(std::uint16_t port) : port{port} {}
    Dial dial() {
        return [this](const std::string& host, std::uint16_t wanted, Stream::Time deadline) {
            const std::lock_guard lock{mutex};
            asked.push_back(host + " " + std::to_string(wanted));
            return dial_directly("127.0.0.1", port, deadline);
        };
    }
    const std::uint16_t port;
    std::mutex mutex;
    std::vector<std::string> asked;
};

Result<std::uint64_t> chain_id(const std::string& url, HttpOptions options) {
    auto transport = make_http_transport(url, std::move(options));
    REQUIRE(transport.ok());
    return RpcNode{std::move(*transport)}.chain_id();
}

}  // namespace

TEST_CASE("a server that cannot show a certificate that is trusted is not talked to") {
    const Certificate own;
    httplib::SSLServer server{own.certificate().c_str(), own.key().c_str()};
    std::atomic<int> requests{0};
    server.Post("/.*", [&](const auto& request, auto& response) { ++requests, answer(request, response); });
    const Running running{server};
    const std::string url = "https://" + running.authority();
    const auto refused = chain_id(url + "/key", {});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().reason == "endpoint_down");
    CHECK(refused.failure().message.find("TLS") != std::string::npos);
    CHECK(requests == 0);
    HttpOptions trusting;
    trusting.ca_file = own.certificate();
    CHECK(*chain_id(url, trusting) == 31337);
    // Another name than the certificate's.
    CHECK_FALSE(chain_id("https://localhost:" + running.authority().substr(10), trusting).ok());
}

TEST_CASE("a key travels in a header, and a proxy gets its password") {
    httplib::Server server;
    std::string key, proxied, password;
    server.Post(".*", [&](const httplib::Request& request, httplib::Response& response) {
        key = request.get_header_value("Authorization");
        password = request.get_header_value("Proxy-Authorization");
        proxied = request.target;
        answer(request, response);
    });
    const Running running{server};
    HttpOptions options;
    options.bearer = "canary";
    CHECK(*chain_id("http://" + running.authority() + "/rpc", options) == 31337);
    CHECK(key == "Bearer canary");
    CHECK(proxied == "/rpc");
    // Port 1 refuses: only the proxy can have answered.
    options.proxy = "http://user:secret@" + running.authority();
    CHECK(*chain_id("http://127.0.0.1:1/rpc", options) == 31337);
    CHECK(proxied.find("127.0.0.1:1/rpc") != std::string::npos);
    CHECK(password == "Basic dXNlcjpzZWNyZXQ=");
    options.proxy = "socks5://127.0.0.1:1";
    const auto refused = make_http_transport("http://127.0.0.1:1", options);
    CHECK(refused.failure().reason == "bad_proxy");
    CHECK(refused.failure().message.find("socks5") == std::string::npos);
}

TEST_CASE("TLS goes over the socket that the dialer gives: the name is the URL's, for the certificate and the server") {
    const Certificate own{"DNS:node.test"};
    httplib::SSLServer server{own.certificate().c_str(), own.key().c_str()};
    std::string named;
    server.Post("/.*", [&](const httplib::Request& request, httplib::Response& response) {
        const char* const name = SSL_get_servername(request.ssl, TLSEXT_NAMETYPE_host_name);
        named = name != nullptr ? name : "";
        answer(request, response);
    });
    const Running running{server};
    Dialled dialled{running.port()};
    HttpOptions options;
    options.ca_file = own.certificate();
    options.dial = dialled.dial();
    CHECK(*chain_id("https://node.test/key", options) == 31337);
    CHECK(named == "node.test");
    CHECK(dialled.asked == std::vector<std::string>{"node.test 443"});
    const auto other = chain_id("https://other.test:8443", options);
    REQUIRE_FALSE(other.ok());
    CHECK(other.failure().message.find("TLS") != std::string::npos);
    CHECK(dialled.asked.back() == "other.test 8443");
    options.ca_file = "/nowhere.pem";
    const auto unread = chain_id("https://node.test", options);
    REQUIRE_FALSE(unread.ok());
    CHECK(unread.failure().message.find("/nowhere.pem") != std::string::npos);
}

TEST_CASE("under TLS a proxy makes a tunnel, and sees neither path nor key") {
    const Certificate own{"DNS:node.test"};
    httplib::SSLServer server{own.certificate().c_str(), own.key().c_str()};
    std::string key;
    server.Post("/.*", [&](const httplib::Request& request, httplib::Response& response) {
        key = request.get_header_value("Authorization");
        answer(request, response);
    });
    const Running running{server};
    TunnelProxy proxy{running.port()};
    Dialled dialled{proxy.port()};
    HttpOptions options;
    options.ca_file = own.certificate();
    options.bearer = "canary";
    options.proxy = "http://user:secret@proxy.test:3128";
    options.dial = dialled.dial();
    CHECK(*chain_id("https://node.test/canary", options) == 31337);
    CHECK(key == "Bearer canary");
    CHECK(dialled.asked == std::vector<std::string>{"proxy.test 3128"});
    CHECK(proxy.heard().starts_with("CONNECT node.test:443 HTTP/1.1\r\n"));
    CHECK(proxy.heard().find("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n") != std::string::npos);
    CHECK(proxy.heard().find("canary") == std::string::npos);
    proxy.answer("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!");
    const auto refused = chain_id("https://node.test", options);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().reason == "endpoint_down");
    CAPTURE(refused.failure().message);
    CHECK(refused.failure().message.find("HTTP status 407") != std::string::npos);
    CHECK(refused.failure().message.find("secret") == std::string::npos);
}

TEST_CASE("a connection is kept for the next request, and replaced when the endpoint has closed it") {
    std::atomic<int> answered{0};
    RawServer server{[&](int socket) {
        for (int i = 0; i < 2; ++i) {
            if (read_head(socket).empty()) return;
            char body[256];
            if (::recv(socket, body, sizeof body, 0) <= 0) return;
            ++answered;
            write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        }
    }};
    Dialled dialled{server.port()};
    HttpOptions options;
    options.dial = dialled.dial();
    const auto transport = make_http_transport("http://node.test", options);
    REQUIRE(transport.ok());
    for (int i = 0; i < 2; ++i) CHECK(*(*transport)->post("{}", 0) == "{}");
    CHECK(dialled.asked.size() == 1);
    while (server.closed() == 0) std::this_thread::yield();
    CHECK(*(*transport)->post("{}", 0) == "{}");
    CHECK(dialled.asked.size() == 2);
    CHECK(answered == 3);
}

TEST_CASE("why a connection is refused is told, and a server that says nothing is given up") {
    HttpOptions options;
    options.dial = [](const std::string&, std::uint16_t, Stream::Time) -> Result<Socket> {
        return Failure{BH_E_DENIED, "not_granted", "node.test:443 is not granted; list it under grants.connect"};
    };
    const auto denied = chain_id("https://node.test", options);
    REQUIRE_FALSE(denied.ok());
    CHECK(denied.failure().code == BH_E_UNAVAILABLE);
    CHECK(denied.failure().reason == "endpoint_down");
    CHECK(denied.failure().message.find("grants.connect") != std::string::npos);
    RawServer silent{[](int socket) {
        char bytes[1024];
        while (::recv(socket, bytes, sizeof bytes, 0) > 0) {
        }
    }};
    options.dial = nullptr;
    options.timeout = std::chrono::milliseconds{300};
    for (const char* scheme : {"http", "https"}) {
        const auto late = chain_id(scheme + ("://127.0.0.1:" + std::to_string(silent.port())), options);
        REQUIRE_FALSE(late.ok());
        CHECK(late.failure().reason == "endpoint_timeout");
    }
    RawServer rude{[](int socket) {
        char body[256];
        if (read_head(socket).empty() || ::recv(socket, body, sizeof body, 0) <= 0) return;
        write_all(socket, "SSH-2.0-nobody\r\n\r\n");
    }};
    const auto other = chain_id("http://127.0.0.1:" + std::to_string(rude.port()), options);
    REQUIRE_FALSE(other.ok());
    CHECK(other.failure().message.find("does not speak HTTP") != std::string::npos);
}

TEST_CASE("a body without end costs no memory and no time") {
    httplib::Server server;
    std::atomic<std::size_t> sent{0};
    server.Post(".*", [&](const httplib::Request&, httplib::Response& response) {
        response.set_chunked_content_provider("application/json", [&](std::size_t, httplib::DataSink& sink) {
            const std::string piece(100'000, '[');
            sent += piece.size();
            return sink.write(piece.data(), piece.size());
        });
    });
    const Running running{server};
    HttpOptions options;
    options.max_answer_bytes = 1'000'000;
    const auto endless = chain_id("http://" + running.authority(), options);
    REQUIRE_FALSE(endless.ok());
    CHECK(endless.failure().reason == "answer_too_large");
    CHECK(sent < 100'000'000);
}

TEST_CASE("a body that never ends in time is given up") {
    httplib::Server server;
    std::atomic<bool> over{false};
    server.Post(".*", [&](const httplib::Request&, httplib::Response& response) {
        response.set_chunked_content_provider("application/json", [&](std::size_t, httplib::DataSink& sink) {
            std::this_thread::sleep_for(std::chrono::milliseconds{100});
            return !over && sink.write("[", 1);
        });
    });
    const Running running{server};
    HttpOptions options;
    options.timeout = std::chrono::milliseconds{500};
    const auto start = std::chrono::steady_clock::now();
    const auto slow = chain_id("http://" + running.authority(), options);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{10});
    over = true;
    REQUIRE_FALSE(slow.ok());
    CHECK(slow.failure().reason == "endpoint_timeout");
}

TEST_CASE("the word of a server about when to come back is understood") {
    Endpoint endpoint;
    const auto pause = [&](const std::string& text) {
        endpoint.answer_all({429, "slow", "text/plain", {{"Retry-After", text}}});
        return chain_id(endpoint.url(), {}).failure().retry_after_ms;
    };
    CHECK(pause("7") == 7000);
    CHECK(pause("0") == 0);
    CHECK(pause("soon") == 0);
    CHECK(pause("-5") == 0);
    CHECK(pause("99999999999999999999") == 0);
    CHECK(pause("86400") == 600'000);
    CHECK(pause("Wed, 21 Oct 2015 07:28:00 GMT") == 0);
    CHECK(pause("Wed, 21 Oct 2099 07:28:00 GMT") == 600'000);
}

TEST_CASE("requests that are running end when the instance does") {
    Endpoint endpoint;
    endpoint.answer_all({200, "too late", "text/plain"});
    endpoint.hang(true);
    auto transport = make_http_transport(endpoint.url(), {});
    REQUIRE(transport.ok());
    RpcNode node{std::move(*transport)};
    const auto start = std::chrono::steady_clock::now();
    std::thread later{[&] {
        while (endpoint.requests() == 0) std::this_thread::yield();
        node.interrupt();
    }};
    const auto cut = node.chain_id();
    later.join();
    CHECK_FALSE(cut.ok());
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{5});
    CHECK(node.chain_id().failure().reason == "endpoint_down");
}
