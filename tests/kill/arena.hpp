// Where both kill matrices run: a World in memory that outlives its processes, a directory on tmpfs, and children that
// are killed by SIGKILL at a boundary. One thread.
#pragma once

#include "kernel/lifecycle/ports.hpp"
#include "kernel/lifecycle/testing/world.hpp"

#include <functional>
#include <set>
#include <string>

namespace bh::life::testing {

// In the child: notes every boundary in the world, dies at the world's `die_at`.
class Killer final : public Boundaries {
public:
    explicit Killer(World& world) : world_{world} {}
    void at(const std::string& name) noexcept override;

private:
    World& world_;
};

class Arena {
public:
    // A child that takes longer than this is ended by SIGALRM.
    explicit Arena(unsigned seconds_per_child);
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena();

    [[nodiscard]] const std::string& directory() const { return directory_; }

    // `prepare` fills a new world and the empty directory; then `play` runs in a child, which must be killed at
    // `die_at` (empty: no kill), and in a second one, which must answer true and have set `finished`. Empty: it went as
    // it should; else what went wrong. `passed`: receives the boundaries of the last child and of the killed one.
    // `between`: what happens to the world while nobody runs.
    std::string run(const std::string& die_at, std::set<std::string>* passed,
                    const std::function<void(World&)>& prepare, const std::function<bool(World&)>& play,
                    const std::function<void(World&)>& between = {});
    [[nodiscard]] const World& world() const { return *world_; }

private:
    int child(const std::function<bool(World&)>& play);
    [[nodiscard]] std::string complaint() const;

    unsigned seconds_per_child_;
    World* world_ = nullptr;
    std::string directory_;
};

}  // namespace bh::life::testing
