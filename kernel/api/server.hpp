// The local HTTP API on a Unix socket: routes and JSON, nothing of what stands behind them. The only place on the
// server's side that knows cpp-httplib. Root and the socket's group may use it.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bh::api {

struct Query {
    std::vector<std::string> path;              // what the route's groups matched
    std::map<std::string, std::string> params;  // "limit" -> "50"
    nlohmann::json body;                        // of a POST; an object, empty if there was none

    // A whole number from the parameters; BH_E_INVALID names it.
    [[nodiscard]] Result<std::int64_t> number(const std::string& name, std::int64_t absent, std::int64_t min,
                                              std::int64_t max) const;
    [[nodiscard]] std::string text(const std::string& name) const;
};

struct Route {
    std::string method;   // GET or POST
    std::string pattern;  // ECMAScript regular expression of the whole path
    std::function<Result<nlohmann::json>(const Query&)> handler;
};

class Server {
public:
    // Binds; serves on threads of its own until destroyed. A failure names the path.
    static Result<std::unique_ptr<Server>> start(const std::string& socket, mode_t mode, gid_t group,
                                                 std::vector<Route> routes);
    virtual ~Server() = default;
};

}  // namespace bh::api
