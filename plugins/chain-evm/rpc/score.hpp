// How one endpoint behaves: what it answered, what it was caught at, whether it is asked and whether it is believed.
// Whatever an endpoint does costs its own score and nothing else. Safe on any thread.
#pragma once

#include "plugin-api/documents/chain.hpp"

#include <functional>
#include <mutex>

namespace bh::evm {

struct Clocks {
    std::function<std::int64_t()> steady_ms;
    std::function<std::int64_t()> unix_s;
};
Clocks system_clocks();

// Up to `forged_header` proven lies: for them an endpoint is not believed for a while, longer each time. The others are
// for people to see, who know whether it was a bad minute or a bad provider.
enum class Caught {
    empty_answer,  // no logs where there are some
    omitted_log,
    added_log,
    altered_log,
    forged_header,  // members that do not have the header's hash
    delayed_log,    // one that it omitted before came later
    other_branch,   // outvoted about a block
    other_answer,   // outvoted about a state
    went_back,      // a head below the one before
    wrong_chain
};

class Score {
public:
    // `alone`: there is no other endpoint, so that only its own Retry-After keeps it from being asked.
    Score(Clocks clocks, bool alone) : clocks_{std::move(clocks)}, alone_{alone} {}

    void answered(std::int64_t took_ms);
    // No answer, or one that says that it can't: only what is about the endpoint makes it rest.
    void failed(const Failure& failure);
    void caught(Caught what, std::uint64_t height);
    void has_head(const Position& head);
    void agreed_head(std::uint64_t height);  // of all of them
    void late(bool on);                      // it still owes an answer that nobody waits for any more

    // nullopt: it may be asked; else why not.
    [[nodiscard]] std::optional<Failure> rests(const std::string& name) const;
    [[nodiscard]] bool believed() const;
    [[nodiscard]] bool owes() const;

    [[nodiscard]] ChainEndpoint view(const std::string& name, bool votes) const;

private:
    [[nodiscard]] std::string state(std::int64_t now) const;

    const Clocks clocks_;
    const bool alone_;
    mutable std::mutex mutex_;
    ChainEndpoint facts_;
    bool wrong_chain_ = false;
    std::uint32_t owed_ = 0;
    std::uint32_t failures_ = 0;  // one after the other
    std::uint32_t lies_ = 0;
    std::int64_t rests_until_ms_ = 0;  // steady
    std::int64_t doubted_until_ms_ = 0;
    std::string rest_reason_;
};

}  // namespace bh::evm
