// What an engine remembers between two steps, as a value: taken from one engine, put into another one over the same
// world and journal. Only while nothing is in flight (`settled`); then there is nothing else in it.
#pragma once

#include "kernel/lifecycle/engine.hpp"
#include "tests/model/digest.hpp"

namespace bh::life {

struct EngineSnapshot {
    std::size_t turn = 0;
    bool took_end = false;
    std::string looked_at;
    std::string boot_id;
    GuardMemory guard{GuardPolicy{}};
    bool recovering = true, poll_now = false, recover_asked = false;
    std::map<std::string, Engine::ChainSlot> chains;
    std::unordered_set<std::int64_t> dirty, again, retry, underived;
    std::unordered_map<std::int64_t, std::uint32_t> look_failures;
    std::unordered_map<std::string, std::uint32_t> busy;
    std::unordered_set<std::string> wanted;
    std::map<std::string, std::int64_t> next_watch_ms, next_list_ms;
    std::map<std::string, std::shared_ptr<const AddressSet>> seen;
    std::int64_t stalled_until_ms = 0, timers_checked_ms = -1, last_now_ms = 0;
    Engine::Inventory inventory;
    std::unordered_set<std::string> listed;
    std::uint64_t recovery = 0;
    std::unordered_set<std::string> submitting;
    std::vector<std::pair<std::int64_t, bool>> touched;
    Engine::LostJournal lost;
    std::string anchored;
    std::int64_t next_anchor_ms = 0, anchor_failing_ms = 0;

    static bool settled(const Engine& engine);
    // After an exception went through step(): what was in flight will never come back.
    static void forget_in_flight(Engine& engine) { engine.in_flight_ = 0; }
    static EngineSnapshot of(const Engine& engine);
    void put(Engine& engine) const;
    // Times relative to the clocks: two engines that would do the same give the same digest.
    void digest(model::Digest& into, std::int64_t wall_ms, std::int64_t monotonic_ms, std::uint64_t head,
                std::int64_t chain_s) const;
};

}  // namespace bh::life
