// Doubles for an engine with several workers: each verb takes a few milliseconds of its own, at the same time as
// others, and then has the World to itself. The engine's clock is apart from the World, so that no thread waits for
// the World while it holds the journal.
#pragma once

#include "kernel/lifecycle/config.hpp"
#include "kernel/lifecycle/testing/doubles.hpp"

#include <functional>
#include <memory>

namespace bh::life::testing {

class ConcurrentDoubles {
public:
    explicit ConcurrentDoubles(World& world);
    ~ConcurrentDoubles();
    [[nodiscard]] Ports ports();

    // Any thread. `change` has the World to itself; the engine's clock then shows the World's time.
    void with_world(const std::function<void(World&)>& change);
    [[nodiscard]] std::int64_t now_ms() const;
    [[nodiscard]] std::uint64_t polls() const;               // polls of the chain that ended
    [[nodiscard]] std::uint32_t most_verbs_at_once() const;  // that ran at the same time

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace bh::life::testing
