// From a mined purchase to its row in the journal: the kernel's engine, the plugin as the kernel calls it, a real
// anvil, and a database on disk with fsync. Nothing is served: the rule waits for more blocks than there are.
#pragma once

#include "tests/chain-evm/world.hpp"

#include <memory>

namespace bh::evm::test {

class Journalled {
public:
    // `endpoint`: settings of the one endpoint beside its URL, such as {"ws": ...}. `poll_ms`: of the engine;
    // `safety_poll_ms`: while the plugin hears of new blocks by itself. Ready when the chain was read once.
    Journalled(World& world, const nlohmann::json& endpoint, std::int64_t poll_ms, std::int64_t safety_poll_ms);
    ~Journalled();
    Journalled(const Journalled&) = delete;
    Journalled& operator=(const Journalled&) = delete;

    // One purchase, mined now: from the moment before anvil is told to mine until the purchase is committed, in
    // milliseconds. Nothing: not within `patience`.
    std::optional<double> purchase(std::chrono::milliseconds patience);

    [[nodiscard]] std::uint64_t polls() const;  // that ended, since the beginning
    [[nodiscard]] ChainEndpoint::Heads heads();
    // Until the plugin may be relied on to tell of new blocks: mines what is needed for that.
    void wait_relied_on();
    // What the node's own WebSocket would do: asks for a poll.
    void wake();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace bh::evm::test
