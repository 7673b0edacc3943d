// netd is killed at random moments of its verbs. Whatever it leaves, the same verb finishes, and a removal removes.
#include "tests/net/testbed.hpp"

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <random>
#include <thread>

using namespace bh;
using namespace bh::nettest;

namespace {

// A verb takes a few milliseconds: most kills hit its middle, some come before or after.
constexpr int kKills = 24;
constexpr int kLongest = 12000;  // microseconds

// Asks for `verb`, and kills netd `after` that. What became of the verb is not known, as after any crash.
template <class F>
void cut_off(Testbed& bed, std::chrono::microseconds after, F&& verb) {
    std::thread asking{[&] {
        try {
            verb();
        } catch (const std::runtime_error&) {  // the answer never came
        }
    }};
    const auto moment = std::chrono::steady_clock::now() + after;
    std::this_thread::sleep_until(moment);
    bed.kill_netd();
    asking.join();
}

}  // namespace

TEST_CASE("netd killed in the middle of a verb leaves nothing that the verb does not finish", "[net]") {
    Testbed bed;
    bed.apply(kVmA);
    bed.remove(kVmA);
    const auto before = bed.footprint();
    bed.apply(kVmA);
    const auto applied = bed.footprint();
    bed.remove(kVmA);
    const auto seed = Catch::getSeed();
    std::mt19937 random{seed};
    std::uniform_int_distribution<int> moment{0, kLongest};
    for (int i = 0; i < kKills; ++i) {
        INFO("kill " << i << " of seed " << seed);
        cut_off(bed, std::chrono::microseconds{moment(random)}, [&] { bed.apply(kVmA); });
        bed.start_netd();
        if (i % 2 == 0) {
            bed.apply(kVmA);
            REQUIRE(bed.footprint() == applied);
        }
        cut_off(bed, std::chrono::microseconds{moment(random)},
                [&] { i % 4 == 0 ? bed.block(kVmA) : bed.remove(kVmA); });
        bed.start_netd();
        bed.remove(kVmA);
        REQUIRE(bed.footprint() == before);
    }
}
