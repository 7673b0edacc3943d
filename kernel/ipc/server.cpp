#include "kernel/ipc/server.hpp"

#include "kernel/ipc/frame.hpp"
#include "kernel/ipc/wire.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace bh::ipc {
namespace {

using namespace std::chrono_literals;
constexpr auto kSendTime = 10s;

Failure cannot(const std::string& what, const std::string& path, int error) {
    return {BH_E_UNAVAILABLE, "socket", "cannot " + what + " " + path + ": " + std::strerror(error)};
}

Result<Fd> bind_socket(const ServerOptions& options) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (options.path.size() >= sizeof address.sun_path) {
        return invalid("socket_path",
                       "the socket path " + options.path + " is longer than 107 bytes: choose a shorter run directory");
    }
    std::memcpy(address.sun_path, options.path.c_str(), options.path.size() + 1);
    Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return cannot("make a socket for", options.path, errno);
    if (::unlink(options.path.c_str()) != 0 && errno != ENOENT)
        return cannot("replace the old socket", options.path, errno);
    // Nobody may connect between bind and chmod: the umask closes the file from the start.
    const mode_t before = ::umask(0177);
    const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::umask(before);
    if (bound != 0) return cannot("bind", options.path, error);
    if (options.group != static_cast<gid_t>(-1) &&
        ::chown(options.path.c_str(), static_cast<uid_t>(-1), options.group) != 0) {
        return cannot("give the group to", options.path, errno);
    }
    if (::chmod(options.path.c_str(), options.mode) != 0) return cannot("set the mode of", options.path, errno);
    if (::listen(fd.get(), 16) != 0) return cannot("listen on", options.path, errno);
    return fd;
}

bool peer_of(int socket, Peer& peer) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return false;
    peer = {credentials.uid, credentials.gid, credentials.pid};
    return true;
}

}  // namespace

struct Server::Impl {
    ServerOptions options;
    std::map<std::string, Verb> verbs;
    Fd socket;
    std::mutex one_at_a_time;

    struct Connection {
        std::thread thread;
        std::atomic<bool> ended = false;
    };
    std::list<Connection> connections;

    Result<Reply> answer(Request& request) {
        const auto verb = verbs.find(request.verb);
        if (verb == verbs.end())
            return invalid("unknown_verb", "there is no verb \"" + printable(request.verb) + "\" here");
        if (verb->second.allowed && !verb->second.allowed(request.peer)) {
            return Failure{BH_E_DENIED, "peer",
                           "user " + std::to_string(request.peer.uid) + " may not call " + request.verb};
        }
        std::unique_lock lock{one_at_a_time, std::defer_lock};
        if (!options.concurrent) lock.lock();
        try {
            return verb->second.handler(request);
        } catch (const std::exception& error) {
            return Failure{BH_E_INTERNAL, "exception", std::string{"a bug: "} + error.what()};
        }
    }

    void serve(int connection, const Peer& peer, int stop) {
        for (;;) {
            auto frame = receive_frame(connection, stop, Deadline::max());
            if (!frame || !*frame) return;
            auto parsed = parse_request((*frame)->body);
            if (!parsed) {
                // Not our protocol: one answer, and the connection ends.
                (void)send_frame(connection, write_failure(0, parsed.failure()), {},
                                 std::chrono::steady_clock::now() + kSendTime);
                return;
            }
            Request request{std::move(parsed->verb), std::move(parsed->args), peer, std::move((*frame)->fds)};
            const auto reply = answer(request);
            std::vector<int> fds;
            if (reply) {
                for (const Fd& fd : reply->fds) fds.push_back(fd.get());
            }
            const std::string body =
                reply ? write_ok(parsed->id, reply->ok) : write_failure(parsed->id, reply.failure());
            if (!send_frame(connection, body, fds, std::chrono::steady_clock::now() + kSendTime)) return;
        }
    }

    void reap(bool all) {
        for (auto it = connections.begin(); it != connections.end();) {
            if (all || it->ended) {
                it->thread.join();
                it = connections.erase(it);
            } else {
                ++it;
            }
        }
    }

    void accept_one(int stop) {
        Fd connection{::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (!connection.valid()) return;
        Peer peer;
        if (!peer_of(connection.get(), peer) || (options.allowed && !options.allowed(peer))) {
            (void)send_frame(connection.get(),
                             write_failure(0, {BH_E_DENIED, "peer",
                                               "user " + std::to_string(peer.uid) + " may not use this socket"}),
                             {}, std::chrono::steady_clock::now() + kSendTime);
            return;
        }
        reap(false);
        if (connections.size() >= kMaxConnections) {
            (void)send_frame(
                connection.get(),
                write_failure(0, {BH_E_BUSY, "connections", "too many connections: close one, or try again"}), {},
                std::chrono::steady_clock::now() + kSendTime);
            return;
        }
        Connection& entry = connections.emplace_back();
        entry.thread = std::thread{[this, &entry, peer, stop, fd = std::move(connection)] {
            serve(fd.get(), peer, stop);
            entry.ended = true;
        }};
    }
};

Result<Server> Server::listen(ServerOptions options, std::map<std::string, Verb> verbs) {
    auto socket = bind_socket(options);
    if (!socket) return socket.failure();
    auto impl = std::make_unique<Impl>();
    impl->options = std::move(options);
    impl->verbs = std::move(verbs);
    impl->socket = std::move(*socket);
    return Server{std::move(impl)};
}

Server::Server(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;

Server::~Server() {
    if (impl_) ::unlink(impl_->options.path.c_str());
}

void Server::run(int stop) {
    for (;;) {
        std::array<pollfd, 2> fds{pollfd{impl_->socket.get(), POLLIN, 0}, pollfd{stop, POLLIN, 0}};
        if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
        if (fds[1].revents != 0) break;
        if (fds[0].revents != 0) impl_->accept_one(stop);
    }
    impl_->reap(true);
}

}  // namespace bh::ipc
