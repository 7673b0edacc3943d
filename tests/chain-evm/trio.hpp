// Three endpoints in front of one real node, and an instance that asks them. Lies are told to the instance only: what
// is true is read from the node itself.
#pragma once

#include "tests/chain-evm/faults.hpp"
#include "tests/chain-evm/world.hpp"

namespace bh::evm::test {

class Trio {
public:
    // `more` is merged into the configuration; `votes` says for each endpoint whether it votes.
    explicit Trio(const nlohmann::json& more = nlohmann::json::object(), std::vector<bool> votes = {true, true, true});

    [[nodiscard]] Endpoint& operator[](std::size_t i) { return *endpoints[i]; }
    // What the instance says of one of them.
    ChainEndpoint status(std::size_t i);
    // How often it was caught at something.
    std::uint64_t caught(std::size_t i, const std::string& what);
    // Reads on from where the instance was; fails the test when that is not possible.
    ChainEvents read();
    // Reads until the instance is at the node's head, through failures that pass.
    ChainEvents read_to_head();
    // What an honest reader has seen from the start.
    ChainEvents truth();

    World world;
    std::vector<std::unique_ptr<Endpoint>> endpoints;
    std::unique_ptr<Instance> instance;
    std::string cursor;
};

// Identity and content of what was reported, to compare two readings.
std::vector<std::string> lines(const ChainEvents& events);

}  // namespace bh::evm::test
