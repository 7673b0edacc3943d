#include "kernel/cli/client.hpp"

#include <httplib.h>
#include <sys/socket.h>

#include <cctype>

namespace bh::cli {
namespace {

httplib::Client connect(const std::string& socket, std::chrono::seconds patience) {
    httplib::Client client{socket};
    client.set_address_family(AF_UNIX);
    client.set_read_timeout(static_cast<time_t>(patience.count()));
    return client;
}

Result<nlohmann::json> result_of(const httplib::Result& response, const std::string& socket) {
    if (!response) {
        return Failure{BH_E_UNAVAILABLE, "daemon",
                       "blockhostd does not answer on " + socket + " (" + httplib::to_string(response.error()) +
                           "): is it running, and are you root or in its group?"};
    }
    auto body = nlohmann::json::parse(response->body, nullptr, false);
    if (response->status == 200 && body.is_object()) return body;
    const auto error = body.is_object() ? body.value("error", nlohmann::json::object()) : nlohmann::json::object();
    return Failure{error.value("code", BH_E_INTERNAL), error.value("reason", "unknown"),
                   error.value("message", "the daemon gave an answer that makes no sense")};
}

}  // namespace

Result<nlohmann::json> ApiClient::get(const std::string& path, std::chrono::seconds patience) {
    auto client = connect(socket_, patience);
    return result_of(client.Get(path), socket_);
}

Result<nlohmann::json> ApiClient::post(const std::string& path, const nlohmann::json& body) {
    auto client = connect(socket_, std::chrono::seconds{60});
    return result_of(client.Post(path, body.dump(), "application/json"), socket_);
}

std::string encoded(const std::string& text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.') {
            out += c;
        } else {
            out += '%';
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    return out;
}

}  // namespace bh::cli
