// What chains/*.json say of each chain's finality and its nodes' limits, and that polls go by it.
#include "plugins/chain-evm/contract/blockhost.hpp"
#include "plugins/chain-evm/poll/poller.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace bh;
using namespace bh::evm;

namespace {

// The table that an operator reads in the chains' own documents: Ethereum and its test networks finalise after two
// epochs of 32 blocks; Bor (Polygon) and the OP stack (Base) tell `finalized` by the chain below them, after minutes.
struct Rule {
    const char* name;
    std::uint64_t chain_id;
    bool tags;
    std::uint32_t depth, block_time_ms;
    std::uint64_t max_range;
};
constexpr Rule kRules[] = {
    {"mainnet", 1, true, 96, 12'000, 2000},     {"sepolia", 11'155'111, true, 96, 12'000, 5000},
    {"hoodi", 560'048, true, 96, 12'000, 5000}, {"polygon", 137, true, 256, 2000, 1000},
    {"amoy", 80'002, true, 256, 2000, 1000},    {"base", 8453, true, 256, 2000, 2000},
    {"devnet", 31'337, true, 64, 1000, 10'000},
};

Hash hash_of(std::uint64_t number) {
    Hash hash;
    hash.bytes[0] = 0xb1;
    for (std::size_t i = 0; i < 8; ++i) hash.bytes[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return hash;
}
Header header_of(std::uint64_t number) {
    Header header;
    header.number = number;
    header.hash = hash_of(number);
    if (number > 0) header.parent = hash_of(number - 1);
    header.time = static_cast<std::int64_t>(1000 + number);
    return header;
}

// A chain without forks and without logs, whose node knows what a test lets it know.
class PlainChain final : public Node {
public:
    std::uint64_t head = 3000, safe = 2940, finalized = 2910;
    std::uint64_t most_blocks = UINT64_MAX;  // in one eth_getLogs; more is "too_many_logs"
    const char* refusal = "too_many_logs";
    std::vector<bool> tags_asked;
    std::vector<std::uint64_t> ranges;  // that were answered, in blocks
    std::vector<std::uint64_t> refused;

    Result<Tips> tips(bool finality_tags) override {
        tags_asked.push_back(finality_tags);
        Tips out;
        out.head = header_of(head);
        if (finality_tags) out.safe = header_of(safe), out.finalized = header_of(finalized);
        return out;
    }
    Result<std::vector<std::optional<Header>>> headers(std::span<const std::uint64_t> numbers) override {
        std::vector<std::optional<Header>> out;
        for (const std::uint64_t number : numbers)
            out.push_back(number <= head ? std::optional{header_of(number)} : std::nullopt);
        return out;
    }
    Result<LogsAnswer> logs(std::span<const Address>, std::uint64_t from, std::uint64_t to) override {
        const std::uint64_t blocks = to - from + 1;
        if (blocks > most_blocks) {
            refused.push_back(blocks);
            return Failure{BH_E_UNAVAILABLE, refusal, "a smaller range", 0};
        }
        ranges.push_back(blocks);
        return LogsAnswer{{}, header_of(to)};
    }
    Result<LogsAnswer> logs_of_block(std::span<const Address>, const Hash&) override {
        ranges.push_back(1);
        return LogsAnswer{{}, header_of(head)};
    }
    [[nodiscard]] const std::string& label() const override { return label_; }

    Result<std::uint64_t> chain_id() override { return none(); }
    Result<CallsAnswer> calls_at(std::span<const Call>, const Hash&, std::uint64_t) override { return none(); }
    Result<Bytes> code_at(const Address&, std::uint64_t) override { return none(); }
    Result<Uint256> balance_at(const Address&, std::uint64_t) override { return none(); }
    Result<std::uint64_t> nonce_at(const Address&, std::uint64_t) override { return none(); }
    Result<Nonces> nonces(const Address&) override { return none(); }
    Result<Estimate> estimate(const Address&, const std::optional<Address>&, const Bytes&) override { return none(); }
    Result<FeeHistory> fees() override { return none(); }
    Result<BroadcastResult> broadcast(const Bytes&) override { return none(); }
    Result<std::vector<std::optional<TxReceipt>>> receipts(std::span<const Hash>) override { return none(); }
    Result<std::vector<bool>> known(std::span<const Hash>) override { return none(); }
    Result<std::vector<Bytes>> inputs(std::span<const Hash>) override { return none(); }

private:
    static Failure none() { return {BH_E_INTERNAL, "not_asked", "a poll without logs asks for no such thing", 0}; }
    const std::string label_ = "plain";
};

Config config_for(const std::string& name) {
    Config config;
    const auto profile = built_in_profile(name);
    REQUIRE(profile.ok());
    config.profile = *profile;
    config.contract.bytes[0] = 1;
    config.credential.bytes[0] = 2;
    return config;
}

ChainEvents poll(Poller& poller, const std::string& cursor) {
    auto out = poller.poll(cursor, 0, [] { return false; });
    INFO((out ? "" : out.failure().message));
    REQUIRE(out.ok());
    return *out;
}

// Until it has read everything.
std::string catch_up(Poller& poller, std::string cursor = {}) {
    ChainEvents out;
    do {
        out = poll(poller, cursor);
        cursor = out.cursor;
    } while (out.more);
    return cursor;
}

}  // namespace

TEST_CASE("each chain's file says what its documents say") {
    std::vector<std::string> names = built_in_profile_names();
    std::ranges::sort(names);
    std::vector<std::string> told;
    for (const Rule& rule : kRules) {
        INFO(rule.name);
        const auto profile = built_in_profile(rule.name);
        REQUIRE(profile.ok());
        CHECK(profile->chain_id == rule.chain_id);
        CHECK(profile->finality.tags == rule.tags);
        CHECK(profile->finality.depth == rule.depth);
        CHECK(profile->block_time_ms == rule.block_time_ms);
        CHECK(profile->logs.max_range == rule.max_range);
        told.emplace_back(rule.name);
    }
    std::ranges::sort(told);
    CHECK(names == told);  // a chain that is added is added to the table above
}

TEST_CASE("each chain is polled by its rule: the tags are asked for, and so many blocks are compared and reported") {
    for (const Rule& rule : kRules) {
        INFO(rule.name);
        const Config config = config_for(rule.name);
        PlainChain chain;
        BlockhostDeployment deployment{config};
        Poller poller{chain, config, deployment};
        const ChainEvents seen = poll(poller, catch_up(poller));
        CHECK(std::ranges::all_of(chain.tags_asked, [&](bool asked) { return asked == rule.tags; }));
        REQUIRE(seen.finalized.has_value() == rule.tags);
        REQUIRE(seen.safe.has_value() == rule.tags);
        CHECK(seen.finalized->position == Position{hash_of(chain.finalized).text(), chain.finalized});
        CHECK(seen.safe->position.height == chain.safe);
        // latest+N for each N up to the depth has its block here.
        REQUIRE(seen.recent.size() == rule.depth + 1);
        CHECK(seen.recent.front().position == Position{hash_of(3000 - rule.depth).text(), 3000 - rule.depth});
        CHECK(seen.recent.back().position.height == 3000);
    }
}

TEST_CASE("a chain whose nodes know no tags is polled without them, and only its depth counts") {
    Config config = config_for("mainnet");
    config.profile.finality = {false, 12};
    PlainChain chain;
    BlockhostDeployment deployment{config};
    Poller poller{chain, config, deployment};
    const ChainEvents seen = poll(poller, catch_up(poller));
    CHECK(std::ranges::none_of(chain.tags_asked, [](bool asked) { return asked; }));
    CHECK_FALSE(seen.safe);
    CHECK_FALSE(seen.finalized);
    CHECK(seen.recent.size() == 13);
}

TEST_CASE("each chain is read in ranges of its own size") {
    for (const Rule& rule : kRules) {
        INFO(rule.name);
        const Config config = config_for(rule.name);
        PlainChain chain;
        chain.head = 60'000, chain.safe = 59'950, chain.finalized = 59'900;
        BlockhostDeployment deployment{config};
        Poller poller{chain, config, deployment};
        catch_up(poller);
        CHECK(chain.ranges.front() == 32);  // how many logs a block has is not known yet
        CHECK(std::ranges::max(chain.ranges) == rule.max_range);
        CHECK(chain.refused.empty());
        std::uint64_t read = 0;
        for (const std::uint64_t blocks : chain.ranges) read += blocks;
        CHECK(read == chain.head + 1);  // each block once
    }
}

TEST_CASE("a range that a node refuses is halved until it answers, and grows again when it answers more") {
    for (const char* refusal : {"too_many_logs", "answer_too_large", "endpoint_timeout"}) {
        INFO(refusal);
        const Config config = config_for("sepolia");
        PlainChain chain;
        chain.refusal = refusal;
        chain.head = 60'000, chain.safe = 59'950, chain.finalized = 59'900;
        chain.most_blocks = 700;
        BlockhostDeployment deployment{config};
        Poller poller{chain, config, deployment};
        std::string cursor;
        for (int i = 0; i < 20; ++i) cursor = poll(poller, cursor).cursor;
        CHECK(std::ranges::max(chain.ranges) <= 700);
        CHECK(std::ranges::max(chain.ranges) >= 350);
        CHECK(chain.refused.front() == 1024);
        // One refusal for an answer at most: it tries twice as much as was answered, and no more than that.
        CHECK(chain.refused.size() <= 3 + chain.ranges.size());
        chain.most_blocks = UINT64_MAX;
        chain.ranges.clear();
        cursor = catch_up(poller, cursor);
        CHECK(std::ranges::max(chain.ranges) == 5000);
        const ChainEvents done = poll(poller, cursor);
        CHECK_FALSE(done.more);
        CHECK(done.head.position.height == 60'000);
    }
}

TEST_CASE("a node that refuses even one block is unavailable, and no block is left out") {
    const Config config = config_for("base");
    PlainChain chain;
    chain.most_blocks = 0;
    BlockhostDeployment deployment{config};
    Poller poller{chain, config, deployment};
    const auto out = poller.poll("", 0, [] { return false; });
    REQUIRE_FALSE(out.ok());
    CHECK(out.failure().reason == "too_many_logs");
    CHECK(chain.refused.back() == 1);
    CHECK(chain.ranges.empty());
}
