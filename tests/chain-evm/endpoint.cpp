#include "tests/chain-evm/endpoint.hpp"

#include "plugins/chain-evm/rpc/transport.hpp"

#include <httplib.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace bh::evm::test {

using nlohmann::json;

struct Endpoint::Impl {
    httplib::Server server;
    std::thread thread;
    int port = 0;
    std::unique_ptr<Transport> upstream;
    std::mutex mutex;
    Script script;
    Change change;
    std::optional<HttpAnswer> fixed;
    bool hangs = false;
    std::condition_variable released;
    bool refuse_batches = false;
    int requests = 0;

    json answer(const json& call) {
        json reply = script ? script(call) : json{};
        if (reply.is_null() || reply.contains("forward")) {
            const Result<std::string> answer =
                upstream->post(reply.is_null() ? call.dump() : reply["forward"].dump(), 0);
            if (!answer) return {{"id", call.at("id")}, {"error", {{"code", -32000}, {"message", "no backend"}}}};
            reply = json::parse(*answer);
            if (change) change(call, reply);
        }
        reply["id"] = call.at("id");
        reply["jsonrpc"] = "2.0";
        return reply;
    }

    HttpAnswer handle(const std::string& body) {
        std::unique_lock lock{mutex};
        ++requests;
        released.wait(lock, [&] { return !hangs; });
        if (fixed) return *fixed;
        const json request = json::parse(body);
        if (!request.is_array()) return {200, answer(request).dump(), "application/json"};
        if (refuse_batches) {
            return {200, R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}})",
                    "application/json"};
        }
        json out = json::array();
        for (const json& call : request) out.push_back(answer(call));
        return {200, out.dump(), "application/json"};
    }
};

Endpoint::Endpoint(std::string upstream) : impl_{std::make_unique<Impl>()} {
    if (!upstream.empty()) impl_->upstream = std::move(*make_http_transport(upstream, {}));
    impl_->server.Post("/.*", [impl = impl_.get()](const httplib::Request& request, httplib::Response& response) {
        const HttpAnswer answer = impl->handle(request.body);
        response.status = answer.status;
        for (const auto& [name, value] : answer.headers) response.set_header(name, value);
        if (!answer.cut) return response.set_content(answer.body, answer.type);
        response.set_content_provider(answer.body.size(), answer.type,
                                      [body = answer.body](std::size_t from, std::size_t, httplib::DataSink& sink) {
                                          if (from == 0) sink.write(body.data(), body.size() / 2);
                                          return from == 0;
                                      });
    });
    impl_->port = impl_->server.bind_to_any_port("127.0.0.1");
    impl_->thread = std::thread{[impl = impl_.get()] { impl->server.listen_after_bind(); }};
    while (!impl_->server.is_running()) std::this_thread::yield();
}

Endpoint::~Endpoint() {
    hang(false);
    impl_->server.stop();
    impl_->thread.join();
}

std::string Endpoint::url() const { return "http://127.0.0.1:" + std::to_string(impl_->port); }

void Endpoint::script(Script script) {
    const std::lock_guard lock{impl_->mutex};
    impl_->script = std::move(script);
}

void Endpoint::answer_all(HttpAnswer answer) {
    const std::lock_guard lock{impl_->mutex};
    impl_->fixed = std::move(answer);
}

void Endpoint::change(Change change) {
    const std::lock_guard lock{impl_->mutex};
    impl_->change = std::move(change);
}

void Endpoint::hang(bool on) {
    const std::lock_guard lock{impl_->mutex};
    impl_->hangs = on;
    impl_->released.notify_all();
}

void Endpoint::honest() {
    hang(false);
    const std::lock_guard lock{impl_->mutex};
    impl_->script = nullptr;
    impl_->change = nullptr;
    impl_->fixed.reset();
    impl_->refuse_batches = false;
}

void Endpoint::refuse_batches(bool on) {
    const std::lock_guard lock{impl_->mutex};
    impl_->refuse_batches = on;
}

int Endpoint::requests() const {
    const std::lock_guard lock{impl_->mutex};
    return impl_->requests;
}

}  // namespace bh::evm::test
