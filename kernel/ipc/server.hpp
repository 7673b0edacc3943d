// A server for the message protocol of docs/contracts.md section 2 on one Unix socket.
//
// Checks SO_PEERCRED of each connection, dispatches by verb, and turns every mistake of a client into a reply that
// names it. One thread per connection, at most kMaxConnections; verbs are called one at a time unless `concurrent` is
// set. Not copyable.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bh::ipc {

inline constexpr std::size_t kMaxConnections = 64;

struct Peer {
    uid_t uid = 0;
    gid_t gid = 0;
    pid_t pid = 0;
};

struct Request {
    std::string verb;
    nlohmann::json args;  // always an object
    Peer peer;
    std::vector<Fd> fds;
};

struct Reply {
    nlohmann::json ok = nlohmann::json::object();
    std::vector<Fd> fds;  // closed after sending
};

using Handler = std::function<Result<Reply>(Request&)>;

struct Verb {
    Handler handler;
    std::function<bool(const Peer&)> allowed;  // empty: every peer that may connect
};

struct ServerOptions {
    std::string path;  // of the socket; its directory must exist. An old socket file is replaced.
    mode_t mode = 0660;
    gid_t group = static_cast<gid_t>(-1);      // of the socket file; -1 = leave
    std::function<bool(const Peer&)> allowed;  // who may connect at all
    bool concurrent = false;
};

class Server {
public:
    // Binds and listens; a failure names the path and the remedy.
    static Result<Server> listen(ServerOptions options, std::map<std::string, Verb> verbs);
    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;
    ~Server();  // closes, and removes the socket file

    // Serves until `stop` becomes readable; then closes idle connections and joins every thread.
    void run(int stop);

private:
    struct Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace bh::ipc
