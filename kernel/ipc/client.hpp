// A client for the message protocol. One connection, made when it is first needed and made again when it broke before
// the request was sent; one call at a time (others wait). Thread-safe.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace bh::ipc {

struct Answer {
    nlohmann::json ok;
    std::vector<Fd> fds;
};

class Client {
public:
    // `name` is who answers, for messages: "blockhost-signer".
    Client(std::string path, std::string name) : path_{std::move(path)}, name_{std::move(name)} {}

    // BH_E_UNAVAILABLE: nobody listens, nothing was sent. BH_E_UNKNOWN_OUTCOME: sent, and no answer came. Otherwise the
    // server's word.
    Result<Answer> call(std::string_view verb, const nlohmann::json& args, const std::vector<int>& fds = {},
                        std::chrono::milliseconds timeout = std::chrono::seconds{30});

private:
    Status connect();

    std::string path_, name_;
    std::mutex mutex_;
    Fd socket_;
    std::uint64_t next_id_ = 1;
};

}  // namespace bh::ipc
