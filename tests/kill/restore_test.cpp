// A database put back from every earlier step of a purchase's life, and an empty one. Each way of life is lived once
// while the journal is copied after every commit and the world at every new state. Then each copy is put into worlds of
// later states, the host is started, its owner cancels what is still served, and at the end there must be one of
// everything, or nothing: what the checker of the kill matrix looks at.
//
//   restore_test            a part of the pairs (copy, later state), in which every copy and every state is
//   restore_test all        all of them
//   restore_test all NAME   only of the way of life with NAME in its name
#include "tests/kill/scenarios.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>

using namespace bh::life;
using namespace bh::life::testing;

namespace {

constexpr std::size_t kPart = 5;  // without "all": each fifth pair
constexpr int kMostTicks = 60'000;

constexpr const char* kLives[] = {"the whole life", "a request that does not open is declined",
                                  "a lost answer of a create, then a refund", "a transfer"};

// Copies the journal after each commit.
class Copier final : public Boundaries {
public:
    explicit Copier(std::string directory) : directory_{std::move(directory)} {}
    void at(const std::string& name) noexcept override {
        if (!name.starts_with("after ")) return;
        names_.push_back(name);
        copy_journal(directory_ + "/journal.db", path(names_.size()));
    }
    [[nodiscard]] std::string path(std::size_t n) const { return directory_ + "/copy-" + std::to_string(n); }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

private:
    std::string directory_;
    std::vector<std::string> names_;
};

struct Present {
    State state;
    std::unique_ptr<World> world;
    std::size_t copies;  // that are older than it
};

// Lives it to its end; nothing in the answer: it went wrong.
std::vector<Present> live(const Script& script, const std::string& directory, Copier& copier) {
    std::vector<Present> presents;
    auto world = std::make_unique<World>();
    begin_world(*world);
    Scene scene{*world, directory, script, &copier};
    std::optional<State> last;
    for (int i = 0; i < kMostTicks; ++i) {
        while (world->script < script.acts.size() && script.acts[world->script].when(scene)) {
            script.acts[world->script++].then(scene);
        }
        if (const auto row = scene.row(); row && row->state != last) {
            last = row->state;
            presents.push_back({row->state, std::make_unique<World>(*world), copier.names().size()});
        }
        const bool over = world->script == script.acts.size() && last;
        if (over && *last == State::ended) return presents;
        // What the script leaves served goes by itself: its time passes.
        if (over && *last == State::held) break;
        scene.tick();
    }
    std::printf("FAILED '%s' was not lived to its end: %s\n", script.name.c_str(), scene.describe().c_str());
    return {};
}

// "" or what is wrong. `copy`: 0 = an empty journal.
std::string put_back(const Present& present, const Copier& copier, std::size_t copy, const std::string& directory) {
    for (const auto& entry : std::filesystem::directory_iterator{directory}) std::filesystem::remove_all(entry.path());
    if (copy > 0) copy_journal(copier.path(copy), directory + "/journal.db");
    auto world = std::make_unique<World>(*present.world);
    world->script = 0;
    const Script rest{};
    Scene scene{*world, directory, rest};
    if (!scene.play()) return scene.complaint();
    if (!scene.state_is(State::ended)) return "not ended: " + scene.describe();
    if (world->vms_made > 1 || world->volumes_made > 1) return "something was made twice";
    return {};
}

std::string new_directory() {
    char pattern[] = "/dev/shm/bh-restore-XXXXXX";
    if (::mkdtemp(pattern) == nullptr) throw std::runtime_error{"no directory on /dev/shm"};
    return pattern;
}

}  // namespace

int main(int argc, char** argv) {
    const bool all = argc > 1 && std::string{argv[1]} == "all";
    const std::string only = argc > 2 ? argv[2] : "";
    const auto begin = std::chrono::steady_clock::now();
    int failures = 0;
    std::size_t runs = 0, lives = 0;
    for (const Script& script : kill_scenarios()) {
        bool wanted = false;
        for (const char* life : kLives) wanted = wanted || script.name.starts_with(life);
        if (!wanted || script.name.find(only) == std::string::npos) continue;
        const std::string lived = new_directory(), tried = new_directory();
        Copier copier{lived};
        const auto presents = live(script, lived, copier);
        if (presents.empty()) ++failures;
        ++lives;
        for (std::size_t p = 0; p < presents.size(); ++p) {
            for (std::size_t copy = 0; copy <= presents[p].copies; ++copy) {
                if (!all && (copy + p) % kPart != 0 && copy != 0) continue;
                ++runs;
                const std::string wrong = put_back(presents[p], copier, copy, tried);
                if (wrong.empty()) continue;
                ++failures;
                std::printf("FAILED '%s', %s when it is %s: %s\n", script.name.c_str(),
                            copy == 0 ? "an empty journal" : ("the journal " + copier.names()[copy - 1]).c_str(),
                            std::string{to_text(presents[p].state)}.c_str(), wrong.c_str());
            }
        }
        std::printf("%s: %zu copies, %zu later states\n", script.name.c_str(), copier.names().size(), presents.size());
        std::filesystem::remove_all(lived);
        std::filesystem::remove_all(tried);
    }
    const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%zu ways of life, %zu journals put back, %d failures, %.1f s\n", lives, runs, failures, took);
    return failures == 0 && runs > 0 ? 0 : 1;
}
