#include "tests/chain-evm/ws_peer.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <nlohmann/json.hpp>

#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <list>
#include <mutex>
#include <thread>

namespace bh::evm::test {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::asio::ip::tcp;
using nlohmann::json;

class AnySession : public WsPeer::Session {
public:
    virtual int fd() = 0;
    // False: it was answered with `status`, or hung up.
    virtual bool shake_hands(unsigned status) = 0;
};

template <class Stream>
class BeastSession final : public AnySession {
public:
    template <class... A>
    explicit BeastSession(A&&... arguments) : socket_{std::forward<A>(arguments)...} {}

    int fd() override { return beast::get_lowest_layer(socket_).native_handle(); }
    bool shake_hands(unsigned status) override {
        beast::flat_buffer buffer;
        beast::error_code error;
        if constexpr (!std::is_same_v<Stream, tcp::socket>) {
            socket_.next_layer().handshake(boost::asio::ssl::stream_base::server, error);
            if (error) return false;
        }
        http::read(socket_.next_layer(), buffer, request_, error);
        if (error) return false;
        if (status != 0) {
            http::response<http::string_body> no{static_cast<http::status>(status), request_.version()};
            no.prepare_payload();
            http::write(socket_.next_layer(), no, error);
            return false;
        }
        socket_.accept(request_, error);
        socket_.text(true);
        return !error;
    }
    std::string header(std::string_view name) const override {
        const auto found = request_.find({name.data(), name.size()});
        return found == request_.end() ? std::string{} : std::string{found->value()};
    }
    bool hear(std::string& text) override {
        beast::flat_buffer buffer;
        beast::error_code error;
        socket_.read(buffer, error);
        text = beast::buffers_to_string(buffer.data());
        return !error;
    }
    bool say(const std::string& text) override {
        beast::error_code error;
        socket_.write(boost::asio::buffer(text), error);
        return !error;
    }
    bool raw(std::string_view bytes) override {
        beast::error_code error;
        boost::asio::write(socket_.next_layer(), boost::asio::buffer(bytes.data(), bytes.size()), error);
        return !error;
    }
    bool ping() override {
        beast::error_code error;
        socket_.ping({}, error);
        return !error;
    }

private:
    websocket::stream<Stream> socket_;
    http::request<http::string_body> request_;
};

}  // namespace

bool WsPeer::Session::accept(std::uint64_t chain_id, const std::string& subscription) {
    for (int i = 0; i < 2; ++i) {
        std::string text;
        if (!hear(text)) return false;
        const json question = json::parse(text);
        json answer{{"jsonrpc", "2.0"}, {"id", question.at("id")}};
        char number[32];
        std::snprintf(number, sizeof number, "0x%llx", static_cast<unsigned long long>(chain_id));
        answer["result"] = question.at("method") == "eth_chainId" ? std::string{number} : subscription;
        if (!say(answer.dump())) return false;
    }
    return true;
}

bool WsPeer::Session::head(std::uint64_t height, const std::string& subscription) {
    char number[32];
    std::snprintf(number, sizeof number, "0x%llx", static_cast<unsigned long long>(height));
    return say(json{{"jsonrpc", "2.0"},
                    {"method", "eth_subscription"},
                    {"params", {{"subscription", subscription}, {"result", {{"number", number}}}}}}
                   .dump());
}

void WsPeer::Session::wait() {
    std::string text;
    while (hear(text)) {
    }
}

struct WsPeer::Impl {
    Impl(Script what, unsigned answer, bool with_tls) : script{std::move(what)}, status{answer} {
        if (with_tls) make_certificate();
        thread = std::thread{[this] { serve(); }};
    }
    ~Impl() {
        ::shutdown(acceptor.native_handle(), SHUT_RDWR);
        thread.join();
        {
            const std::lock_guard lock{mutex};
            for (auto& session : sessions) ::shutdown(session->fd(), SHUT_RDWR);
        }
        for (auto& one : threads) one.join();
        if (!place.empty()) std::filesystem::remove_all(place);
    }
    void make_certificate() {
        char pattern[] = "/tmp/bh-ws-peer-XXXXXX";
        place = ::mkdtemp(pattern);
        const std::string made =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=peer -addext "
            "subjectAltName=IP:127.0.0.1 -keyout " +
            place + "/key.pem -out " + place + "/ca.pem 2>/dev/null";
        if (std::system(made.c_str()) != 0) throw std::runtime_error{"openssl makes no certificate"};
        tls.emplace(boost::asio::ssl::context::tls_server);
        tls->use_certificate_chain_file(place + "/ca.pem");
        tls->use_private_key_file(place + "/key.pem", boost::asio::ssl::context::pem);
    }
    std::unique_ptr<AnySession> session_over(tcp::socket socket) {
        if (!tls) return std::make_unique<BeastSession<tcp::socket>>(std::move(socket));
        return std::make_unique<BeastSession<boost::asio::ssl::stream<tcp::socket>>>(std::move(socket), *tls);
    }
    void serve() {
        for (;;) {
            beast::error_code error;
            tcp::socket socket{context};
            acceptor.accept(socket, error);
            if (error) return;
            ++connections;
            const std::lock_guard lock{mutex};
            AnySession& session = *sessions.emplace_back(session_over(std::move(socket)));
            threads.emplace_back([this, &session] {
                if (session.shake_hands(status)) script(session);
                ::shutdown(session.fd(), SHUT_RDWR);
            });
        }
    }

    const Script script;
    const unsigned status;
    boost::asio::io_context context;
    tcp::acceptor acceptor{context, tcp::endpoint{boost::asio::ip::make_address("127.0.0.1"), 0}};
    std::atomic<int> connections{0};
    std::mutex mutex;
    std::string place;
    std::optional<boost::asio::ssl::context> tls;
    std::list<std::unique_ptr<AnySession>> sessions;
    std::list<std::thread> threads;
    std::thread thread;
};

WsPeer::WsPeer(Script script) : impl_{std::make_unique<Impl>(std::move(script), 0U, false)} {}
WsPeer::WsPeer(unsigned status) : impl_{std::make_unique<Impl>([](Session&) {}, status, false)} {}
WsPeer::WsPeer(Tls, Script script) : impl_{std::make_unique<Impl>(std::move(script), 0U, true)} {}
WsPeer::~WsPeer() = default;

std::string WsPeer::url() const {
    return std::string{impl_->tls ? "wss" : "ws"} +
           "://127.0.0.1:" + std::to_string(impl_->acceptor.local_endpoint().port()) + "/";
}
std::string WsPeer::ca_file() const { return impl_->place + "/ca.pem"; }
int WsPeer::connections() const { return impl_->connections; }

}  // namespace bh::evm::test
