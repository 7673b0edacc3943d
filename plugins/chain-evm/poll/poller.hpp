// poll(): events after a cursor. Holds nothing that an answer depends on; only how many blocks one request may ask for
// is remembered, to save requests. One call at a time.
#pragma once

#include "plugin-api/documents/chain.hpp"
#include "plugins/chain-evm/contract/deployment.hpp"
#include "plugins/chain-evm/poll/cursor.hpp"

#include <functional>

namespace bh::evm {

class Poller {
public:
    Poller(Node& node, const Config& config, Deployment& deployment);

    // `stop` is asked between requests; when it answers true, what was read so far is the answer.
    Result<ChainEvents> poll(std::string_view cursor, std::uint32_t max, const std::function<bool()>& stop);

private:
    struct Scan {
        Mark last;              // the last block that was read
        std::vector<Log> logs;  // of the blocks up to there
    };
    Result<ChainEvents> attempt(std::string_view cursor_text, std::uint32_t max);
    Result<Scan> scan(const Cursor& cursor, std::uint64_t from);
    Result<Scan> scan_head(const Mark& head);
    Result<Scan> scan_range(const Cursor& cursor, std::uint64_t from, std::uint64_t to);
    Status report(Cursor& cursor, const Scan& scan, std::uint32_t max, ChainEvents& out);
    Result<std::map<std::uint64_t, Mark>> blocks_of(const Cursor& cursor, std::span<const Log> logs);

    Node& node_;
    const Config& config_;
    Deployment& deployment_;
    std::uint64_t range_;
};

}  // namespace bh::evm
