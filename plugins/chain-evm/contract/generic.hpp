// The extension `contract`: any contract of the chain, read at a position, and its logs after a cursor. Safe on any
// thread; holds nothing that an answer means between two calls, only how many blocks the node gave the logs of at once.
#pragma once

#include "plugin-api/documents/contract.hpp"
#include "plugins/chain-evm/chain/config.hpp"
#include "plugins/chain-evm/read/reader.hpp"

#include <atomic>

namespace bh::evm {

inline constexpr std::size_t kMaxFilterContracts = 64;
inline constexpr std::size_t kMaxFilterTopics = 4;  // as many as a log has

class GenericContract {
public:
    GenericContract(Node& node, const Config& config) : node_{node}, config_{config} {}

    // eth_call at that block; a revert is an answer.
    Result<ChainValue> read(const ChainRead& request, const At& at);

    // From the configured first block on, or after `cursor`; whole blocks, at least one, and no more of them than one
    // request to the node may span. The cursor is "HEIGHT HASH" of up to kMarks blocks, newest first: after a
    // reorganisation the newest that is still on the chain is the rollback.
    Result<ChainLogs> logs(const ChainFilter& filter, std::string_view cursor, std::uint32_t max);

private:
    struct Mark {
        std::uint64_t height = 0;
        Hash hash;
    };
    using Marks = std::vector<Mark>;  // newest first; empty: nothing was read

    static Result<Marks> parse_marks(std::string_view cursor);
    static std::string text_of(const Marks& marks);
    Result<std::size_t> still_there(const Marks& marks);
    Result<std::vector<Log>> range(std::span<const Address> contracts, std::uint64_t from, std::uint64_t& to);

    Node& node_;
    const Config& config_;
    std::atomic<std::uint64_t> range_{UINT64_MAX};
};

}  // namespace bh::evm
