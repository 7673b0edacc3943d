// A devnet with both contracts, one plan and a host's agent: what most tests start from.
#pragma once

#include "plugins/chain-evm/abi/encode.hpp"
#include "tests/chain-evm/anvil.hpp"
#include "tests/chain-evm/instance.hpp"

namespace bh::evm::test {

inline constexpr std::uint64_t kPricePerDay = 1000;
inline constexpr std::uint64_t kDay = 86400;

class World {
public:
    explicit World(std::vector<std::string> anvil_arguments = {});

    // From one of anvil's unlocked accounts; mined when it returns, unless automining is off. Answers the hash.
    std::string send(const Address& from, const std::optional<Address>& to, const Bytes& data, std::uint64_t value = 0);
    std::string buy(std::uint64_t days = 30, const Bytes& sealed_request = {1, 2, 3});
    std::string extend(std::uint64_t id, std::uint64_t days);

    // The configuration of an instance; `more` is merged into it.
    [[nodiscard]] std::string config(const nlohmann::json& more = {}) const;
    // The block at that height, as a position.
    Position position(std::uint64_t height);
    Position head() { return position(anvil.head()); }
    std::int64_t now();

    // Everything from `cursor` on; follows `more`.
    ChainEvents poll_all(Instance& instance, std::string& cursor, std::uint32_t max = 0);
    Intent deliver_intent(const ChainEvent& purchase);

    Anvil anvil;
    KernelDouble kernel;
    Address operator_account, buyer, stranger;
    Address contract, credential;
};

}  // namespace bh::evm::test
