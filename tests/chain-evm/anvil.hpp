// A real node for one test: anvil 1.7.1 on a free loopback port. Ends with the object.
#pragma once

#include "plugins/chain-evm/abi/types.hpp"
#include "plugins/chain-evm/rpc/json_rpc.hpp"

#include <functional>
#include <thread>

#include <sys/types.h>

namespace bh::evm::test {

class Anvil {
public:
    // `extra`: more arguments, such as {"--block-time", "1"}. Without, each transaction makes its own block.
    explicit Anvil(std::vector<std::string> extra = {});
    ~Anvil();
    Anvil(const Anvil&) = delete;
    Anvil& operator=(const Anvil&) = delete;

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

    // Fails the test when the node answers with an error.
    nlohmann::json rpc(const char* method, nlohmann::json params = nlohmann::json::array());
    // All of them in as few requests as possible.
    void rpc_all(const std::vector<RpcCall>& calls);

    void mine(std::uint64_t blocks = 1);
    void automine(bool on);
    [[nodiscard]] bool automining() const { return automining_; }
    std::uint64_t head();

    // Stops it at once and keeps the port free of it.
    void stop();

private:
    pid_t pid_ = -1;
    std::thread drain_;
    std::uint16_t port_ = 0;
    bool automining_ = true;
    std::unique_ptr<JsonRpc> rpc_;
};

// Waits until `condition` is true; fails the test after `seconds`.
void wait_for(const char* what, const std::function<bool()>& condition, int seconds = 20);

}  // namespace bh::evm::test
