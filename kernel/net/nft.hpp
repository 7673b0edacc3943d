// libnftables: runs a batch of JSON commands as one transaction, all or nothing. The only place that knows that
// library. Thread-compatible.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

namespace bh::net {

class Nftables {
public:
    // `commands`: an array of libnftables-json(5) commands.
    Status run(const nlohmann::json& commands);
    // As run(), and the objects that the kernel answered. BH_E_NOT_FOUND: what was asked for does not exist.
    Result<nlohmann::json> query(const nlohmann::json& commands);
};

}  // namespace bh::net
