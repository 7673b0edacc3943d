#include "kernel/ipc/client.hpp"

#include "kernel/ipc/frame.hpp"
#include "kernel/ipc/wire.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace bh::ipc {
namespace {

constexpr std::chrono::milliseconds kLastWordTime{200};

// A server that was restarted has closed our end: seen here before a request is lost in it.
bool is_stale(int socket) {
    pollfd fd{socket, POLLIN, 0};
    return ::poll(&fd, 1, 0) != 0;
}

}  // namespace

Status Client::connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path)
        return invalid("socket_path", "the socket path " + path_ + " is longer than 107 bytes");
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return Failure{BH_E_UNAVAILABLE, "not_running",
                       name_ + " does not answer on " + path_ + " (" + std::strerror(errno) + "): is it running?"};
    }
    socket_ = std::move(fd);
    return {};
}

Result<Answer> Client::call(std::string_view verb, const nlohmann::json& args, const std::vector<int>& fds,
                            std::chrono::milliseconds timeout) {
    const std::scoped_lock lock{mutex_};
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    const std::uint64_t id = next_id_++;
    const std::string body = write_request(id, verb, args);
    if (socket_.valid() && is_stale(socket_.get())) socket_.reset();
    if (!socket_.valid()) {
        if (auto connected = connect(); !connected) return connected.failure();
    }
    if (auto sent = send_frame(socket_.get(), body, fds, deadline); !sent) {
        if (sent.failure().code == BH_E_INVALID) return sent.failure();  // too long: nothing was sent
        // A server that takes no more connections, or none of ours, says so and closes before it reads: its last word
        // is the reason.
        auto word = receive_frame(socket_.get(), -1, std::chrono::steady_clock::now() + kLastWordTime);
        socket_.reset();
        if (word && *word) {
            if (auto ok = parse_reply((*word)->body, id); !ok) return ok.failure();
        }
        return Failure{BH_E_UNKNOWN_OUTCOME, "no_answer", name_ + " went away during " + std::string{verb}};
    }
    auto frame = receive_frame(socket_.get(), -1, deadline);
    if (!frame || !*frame) {
        socket_.reset();  // a late answer must not be taken for the next one
        return Failure{BH_E_UNKNOWN_OUTCOME, "no_answer", name_ + " gave no answer to " + std::string{verb}};
    }
    auto ok = parse_reply((*frame)->body, id);
    if (!ok) {
        if (ok.failure().reason == "protocol") socket_.reset();
        return ok.failure();
    }
    return Answer{std::move(*ok), std::move((*frame)->fds)};
}

}  // namespace bh::ipc
