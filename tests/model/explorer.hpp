// The search: breadth-first by the number of deviations. From each state the undisturbed way is followed to its end
// (the fair schedule: every step is taken, blocks come), and from each state on it one move with each deviation that
// can happen there begins a way of its own. Canonical states that were seen with no more deviations are not entered
// again.
#pragma once

#include "tests/model/system.hpp"

#include <chrono>
#include <deque>
#include <set>
#include <unordered_map>

namespace bh::life::model {

struct Limits {
    std::uint32_t deviations = 1;
    std::uint64_t states = 0;      // stop after so many; 0 = none
    double seconds = 0;            // stop after that; 0 = none
    std::uint32_t violations = 1;  // stop after so many different ones
    // Of the deviations after the first one only these; empty: all.
    std::set<What> later;
};

struct Found {
    std::string what;
    std::vector<std::string> trace;
};

struct Figures {
    std::uint64_t states = 0, transitions = 0, ways = 0, longest = 0, replayed = 0;
    bool complete = true;  // no limit was met
    double seconds = 0;
};

class Explorer {
public:
    Explorer(Scenario scenario, BrokenRules broken, GuardPolicy guard, Limits limits);
    void run();
    [[nodiscard]] const Figures& figures() const { return figures_; }
    [[nodiscard]] const std::vector<Found>& found() const { return found_; }

private:
    // One way: begins with a deviation at a place of another one, then goes on undisturbed.
    struct Way {
        std::uint32_t parent = 0, at = 0;
        Deviation deviation;
        std::uint32_t next = 0;  // the way whose state it came to; itself: it came to an end
        std::uint8_t level = 0;
        bool transient = true;
    };
    struct Start {
        std::uint32_t way;
        Snapshot from;
    };
    struct Seen {
        std::uint32_t way;
        std::uint8_t level;
    };

    void follow(std::uint32_t way, System& system);
    void branch(std::uint32_t way, std::uint32_t at, const Snapshot& here, const Oracle& record, const System& system);
    void try_one(std::uint32_t way, std::uint32_t at, const Snapshot& here, const Deviation& deviation);
    std::vector<Deviation> possible(const Oracle& record, const System& system, std::uint8_t level) const;
    void report(std::uint32_t way, std::uint32_t at, const std::string& what);
    std::vector<std::string> trace(std::uint32_t way, std::uint32_t at, std::uint64_t* digest);
    void check_cycles();
    void check_replay(std::uint32_t way, std::uint32_t at, std::uint64_t digest);
    [[nodiscard]] bool stopped();

    Scenario scenario_;
    BrokenRules broken_;
    GuardPolicy guard_;
    Limits limits_;
    System scratch_;
    std::vector<Way> ways_;
    std::deque<Start> starts_;
    std::unordered_map<std::uint64_t, Seen> seen_;
    std::vector<Found> found_;
    std::set<std::string> reported_;
    Figures figures_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    bool stop_ = false;
};

std::vector<Scenario> scenarios();

}  // namespace bh::life::model
