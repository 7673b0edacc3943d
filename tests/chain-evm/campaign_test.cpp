// Random faults, one after the other, while purchases and reorganisations go on: at the end of each round the instance
// has reported what an honest reader sees, whatever one endpoint of three did, or two that do not vote. Each seed is
// one case; BLOCKHOST_FAULT_SEEDS says how many (default 2; the suite `faults` runs more), BLOCKHOST_FAULT_SEED the
// first.
#include "tests/chain-evm/trio.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <random>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

namespace {

constexpr int kRounds = 6;

std::uint32_t number_from(const char* name, std::uint32_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

// What is left of a history after its rollbacks, as lines.
std::vector<std::string> settled(const std::vector<ChainEvent>& events) {
    std::vector<ChainEvent> kept;
    for (const ChainEvent& event : events) {
        if (event.type != "rollback") {
            kept.push_back(event);
            continue;
        }
        std::erase_if(kept, [&](const ChainEvent& old) { return old.position.height > event.position.height; });
    }
    ChainEvents out;
    out.events = std::move(kept);
    return lines(out);
}

class Campaign {
public:
    explicit Campaign(std::uint32_t seed)
        : random_{seed},
          two_liars_{pick(2) == 1},
          liar_{two_liars_ ? 1 : pick(3)},
          trio_{json{{"proof", two_liars_ || pick(2) == 1 ? "always" : "disputes"}},
                two_liars_ ? std::vector<bool>{true, false, false} : std::vector<bool>{true, true, true}} {
        trio_.world.anvil.mine(8);  // more than a reorganisation takes back
        (void)trio_.read();
        events_ = trio_.truth().events;
    }

    void round() {
        spoil(liar_);
        if (two_liars_) spoil(2);
        for (std::size_t i = pick(3) + 1; i > 0; --i) happen();
        take(trio_.read_to_head());
        trio_[liar_].honest();
        if (two_liars_) trio_[2].honest();
        INFO("after: " << told_);
        CHECK(settled(events_) == lines(trio_.truth()));
        if (!two_liars_) return;
        CHECK(trio_.status(0).caught.empty());
    }

private:
    std::size_t pick(std::size_t below) { return random_() % below; }

    void spoil(std::size_t endpoint) {
        const NamedFault& fault = all_faults()[pick(all_faults().size())];
        told_ += std::string{" "} + std::to_string(endpoint) + " " + fault.name + ";";
        fault.begin(trio_[endpoint]);
    }

    void happen() {
        switch (pick(4)) {
            case 0:
                trio_.world.anvil.mine(pick(6) + 1);
                break;
            case 1:
                trio_.world.anvil.rpc("anvil_reorg", {pick(3) + 1, json::array()});
                trio_.world.anvil.mine(1);
                told_ += " reorg;";
                break;
            default:
                trio_.world.buy();
        }
    }

    void take(const ChainEvents& seen) { events_.insert(events_.end(), seen.events.begin(), seen.events.end()); }

    std::mt19937 random_;
    const bool two_liars_;
    const std::size_t liar_;  // the same one throughout: who lied is not believed for a while
    Trio trio_;
    std::vector<ChainEvent> events_;
    std::string told_;
};

}  // namespace

TEST_CASE("whatever endpoints do, what is reported is what happened") {
    const std::uint32_t first = number_from("BLOCKHOST_FAULT_SEED", 1);
    const std::uint32_t count = number_from("BLOCKHOST_FAULT_SEEDS", 2);
    for (std::uint32_t seed = first; seed < first + count; ++seed) {
        INFO("seed " << seed);
        Campaign campaign{seed};
        for (int round = 0; round < kRounds; ++round) campaign.round();
    }
}
