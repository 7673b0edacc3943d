// Withdrawals and credits of time, killed by SIGKILL at each of their boundaries: before and after each commit, and
// between each effect and its record. The command is given again, as somebody does who does not know whether it
// arrived; at the end each happened once, and the books agree with the chain to the unit. Real loader, in-memory
// plugins.
#include "tests/funds/shop.hpp"
#include "tests/kill/arena.hpp"

#include <cstdio>
#include <set>

using namespace bh;
using namespace bh::funds::testing;
using bh::life::testing::Arena;
using bh::life::testing::Killer;

namespace {

constexpr unsigned kSecondsPerChild = 300;
constexpr std::int64_t kCredit = 60;

class Play {
public:
    Play(World& world, const std::string& directory, const trust::Trust& trust)
        : world_{world}, killer_{world}, shop_{world, directory, trust, {}, &killer_} {}

    bool run() {
        shop_.open();
        while (world_.script < 4) {
            if (!step()) return false;
            ++world_.script;
        }
        return check();
    }

private:
    bool complain(const std::string& text) {
        world_.complaint = text;
        return false;
    }
    bool step() {
        switch (world_.script) {
            case 0:
                return shop_.until([&] { return shop_.is(life::State::active); }) || complain("it is not served");
            case 1:
                shop_.pass(3600);
                return true;
            case 2:
                return give([&] { return shop_.treasurer->withdraw(shop_.command("withdraw-1"), "native"); });
            default:
                return give([&]() -> Result<std::vector<life::HostTxRow>> {
                    const auto row = shop_.row();
                    auto made = shop_.treasurer->credit(shop_.command(), row->row, kCredit);
                    if (!made) return made.failure();
                    return std::vector{*made};
                });
        }
    }
    bool give(const std::function<Result<std::vector<life::HostTxRow>>()>& command) {
        std::string refused = "never tried";
        const bool ordered = shop_.until([&] {
            if (shop_.engine->recovering()) return false;
            const auto made = command();
            if (!made) refused = made.failure().message;
            return made.ok() && !made->empty();
        });
        if (!ordered) return complain("refused: " + refused);
        return shop_.settled() || complain("a transaction does not end");
    }
    bool check() {
        if (!shop_.until([&] { return shop_.row()->expires_at.seconds != 0 && !shop_.engine->recovering(); }))
            return complain("it does not come to rest");
        shop_.pass(20);
        if (shop_.logs("withdrawn") != 1) return complain(std::to_string(shop_.logs("withdrawn")) + " withdrawals");
        if (shop_.logs("time_credited") != 1) return complain(std::to_string(shop_.logs("time_credited")) + " credits");
        const auto subscription = *shop_.chain.subscription("1");
        if (subscription.outage_credited != static_cast<std::uint64_t>(kCredit)) return complain("another time");
        if (subscription.end != subscription.delivered_at + kDay + static_cast<std::uint64_t>(kCredit))
            return complain("the expiry did not move by the credit");
        const auto money = shop_.chain.money();
        if (!money.adds_up() || money.withdrawn == 0) return complain("the contract's money is wrong");
        const auto report = shop_.look();
        if (!report.reconciled()) return complain("not reconciled: " + report.why);
        if (!(report.tokens.front().books.withdrawn == funds::Sum{money.withdrawn})) return complain("other books");
        world_.finished = true;
        return true;
    }

    World& world_;
    Killer killer_;
    Shop shop_;
};

bool is_ours(const std::string& boundary) {
    for (const char* word : {"funds/", "withdraw", "credit_time", "host_tx/"}) {
        if (boundary.find(word) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

int main() {
    const Enabled enabled;
    Arena arena{kSecondsPerChild};
    const auto run = [&](const std::string& die_at, std::set<std::string>* passed) {
        const auto prepare = [&](World& world) {
            const std::string plan = Shop::prepare(world, arena.directory());
            mem::ChainDriver{arena.directory() + "/chain.json"}.purchase(kBuyer, plan, 1, {1, 2, 3});
        };
        return arena.run(die_at, passed, prepare,
                         [&](World& world) { return Play{world, arena.directory(), enabled.trust()}.run(); });
    };
    std::set<std::string> passed;
    int failures = 0;
    std::size_t kills = 0;
    if (const auto wrong = run("", &passed); !wrong.empty()) {
        std::printf("FAILED without a kill: %s\n", wrong.c_str());
        return 1;
    }
    for (const auto& boundary : passed) {
        if (!is_ours(boundary)) continue;
        ++kills;
        if (const auto wrong = run(boundary, nullptr); !wrong.empty()) {
            ++failures;
            std::printf("FAILED killed at '%s': %s\n", boundary.c_str(), wrong.c_str());
        }
    }
    std::printf("%zu kills, %d failures\n", kills, failures);
    // Two commands, each ordered, begun, saved, sent, waited for and answered.
    constexpr std::size_t kLeast = 16;
    if (kills < kLeast) std::printf("FAILED: at least %zu boundaries were expected\n", kLeast);
    return failures == 0 && kills >= kLeast ? 0 : 1;
}
