#include "kernel/api/server.hpp"

#include <httplib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <thread>

namespace bh::api {
namespace {

constexpr std::size_t kMaxBody = std::size_t{64} << 10;

int status_of(bh_status code) {
    switch (code) {
        case BH_E_INVALID:
            return 400;
        case BH_E_DENIED:
            return 403;
        case BH_E_NOT_FOUND:
            return 404;
        case BH_E_CONFLICT:
            return 409;
        case BH_E_UNAVAILABLE:
        case BH_E_BUSY:
            return 503;
        default:
            return 500;
    }
}

void answer(httplib::Response& response, const Result<nlohmann::json>& result) {
    if (result) {
        response.set_content(result->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                             "application/json");
        return;
    }
    const auto& failure = result.failure();
    response.status = status_of(failure.code);
    const nlohmann::json body{
        {"error", {{"code", failure.code}, {"reason", failure.reason}, {"message", failure.message}}}};
    response.set_content(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "application/json");
}

// What the HTTP library refused by itself.
Failure refusal(int status, const std::string& path) {
    if (status == 404) return {BH_E_NOT_FOUND, "no_route", "there is nothing at " + path.substr(0, 128)};
    if (status == 413)
        return invalid("too_large", "a request's body may have at most " + std::to_string(kMaxBody) + " bytes");
    return invalid("bad_request", "this is no HTTP request that is understood here");
}

Result<Query> query_of(const httplib::Request& request) {
    Query query;
    for (std::size_t i = 1; i < request.matches.size(); ++i) query.path.push_back(request.matches[i]);
    for (const auto& [name, value] : request.params) query.params[name] = value;
    query.body = nlohmann::json::object();
    if (!request.body.empty()) query.body = nlohmann::json::parse(request.body, nullptr, false);
    if (!query.body.is_object()) return invalid("bad_body", "the body must be a JSON object");
    return query;
}

class HttpServer final : public Server {
public:
    explicit HttpServer(std::string socket) : socket_{std::move(socket)} {}
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer() override {
        server_.stop();
        if (thread_.joinable()) thread_.join();
        ::unlink(socket_.c_str());
    }

    Status start(mode_t mode, gid_t group, std::vector<Route> routes) {
        for (auto& route : routes) add(std::move(route));
        server_.set_error_handler([](const httplib::Request& request, httplib::Response& response) {
            if (!response.body.empty()) return;
            const int status = response.status;
            answer(response, refusal(status, request.path));
            response.status = status;
        });
        server_.set_payload_max_length(kMaxBody);
        server_.set_address_family(AF_UNIX);
        ::unlink(socket_.c_str());
        const mode_t before = ::umask(0177);  // nobody may connect before the mode is set
        const bool bound = server_.bind_to_port(socket_, 80);
        ::umask(before);
        if (!bound)
            return Failure{
                BH_E_UNAVAILABLE, "socket",
                "cannot bind " + socket_ + ": is its directory there, and is the path shorter than 108 bytes?"};
        if (::chown(socket_.c_str(), static_cast<uid_t>(-1), group) != 0 || ::chmod(socket_.c_str(), mode) != 0) {
            return Failure{BH_E_UNAVAILABLE, "socket",
                           "cannot give " + socket_ + " to its group: the daemon's user must be a member of it"};
        }
        thread_ = std::thread{[this] { server_.listen_after_bind(); }};
        // stop() does nothing before the thread has got that far; Debian 12's version has no call that waits for it.
        while (!server_.is_running()) std::this_thread::yield();
        return {};
    }

private:
    void add(Route route) {
        const auto handler = [run = std::move(route.handler)](const httplib::Request& request,
                                                              httplib::Response& response) {
            auto query = query_of(request);
            answer(response, query ? run(*query) : Result<nlohmann::json>{query.failure()});
        };
        if (route.method == "GET") {
            server_.Get(route.pattern, handler);
        } else {
            server_.Post(route.pattern, handler);
        }
    }

    std::string socket_;
    httplib::Server server_;
    std::thread thread_;
};

}  // namespace

Result<std::int64_t> Query::number(const std::string& name, std::int64_t absent, std::int64_t min,
                                   std::int64_t max) const {
    const auto it = params.find(name);
    if (it == params.end()) return absent;
    std::int64_t value = 0;
    const char* end = it->second.data() + it->second.size();
    const auto [stop, error] = std::from_chars(it->second.data(), end, value);
    if (error != std::errc{} || stop != end || value < min || value > max) {
        return invalid("bad_parameter", "\"" + name + "\" must be a whole number from " + std::to_string(min) + " to " +
                                            std::to_string(max));
    }
    return value;
}

std::string Query::text(const std::string& name) const {
    const auto it = params.find(name);
    return it == params.end() ? std::string{} : it->second;
}

Result<std::unique_ptr<Server>> Server::start(const std::string& socket, mode_t mode, gid_t group,
                                              std::vector<Route> routes) {
    auto server = std::make_unique<HttpServer>(socket);
    if (auto started = server->start(mode, group, std::move(routes)); !started) return started.failure();
    return std::unique_ptr<Server>{std::move(server)};
}

}  // namespace bh::api
