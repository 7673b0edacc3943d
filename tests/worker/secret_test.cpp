// A secret that was lent is nowhere when it was used: no log line, no stored row, no argument or environment, and not
// in the memory of a plugin that kept no copy.
#include "tests/worker/world.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

using namespace bh;
using namespace bh::worker;
using namespace bh::worker::testing;

namespace {

// 32 digits that are in no binary.
std::string random_canary() {
    std::array<std::uint8_t, 16> bytes{};
    REQUIRE(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    return hex_from_bytes(bytes.data(), bytes.size()).substr(2);
}

// Whether the writable memory of a process holds the text.
bool in_memory_of(pid_t pid, const std::string& text) {
    const std::string process = "/proc/" + std::to_string(pid);
    const Fd memory{::open((process + "/mem").c_str(), O_RDONLY | O_CLOEXEC)};
    REQUIRE(memory.valid());
    std::ifstream maps{process + "/maps"};
    std::size_t looked = 0;
    for (std::string line; std::getline(maps, line);) {
        unsigned long long from = 0, to = 0;
        char mode[5] = {};
        if (std::sscanf(line.c_str(), "%llx-%llx %4s", &from, &to, mode) != 3 || mode[1] != 'w') continue;
        std::string block(to - from, '\0');
        const ssize_t size = ::pread(memory.get(), block.data(), block.size(), static_cast<off_t>(from));
        if (size <= 0) continue;
        looked += static_cast<std::size_t>(size);
        if (block.find(text) != std::string::npos) return true;
    }
    REQUIRE(looked > 100'000);
    return false;
}

struct Lent {
    Lent() : canary{random_canary()} {
        launch::testing::write_text(place / "token", canary);
        REQUIRE(::chmod((place / "token").c_str(), 0600) == 0);
        Options options;
        options.grants = {{BH_SVC_SECRETS}, {}, {{"token", place / "token"}}};
        world.emplace(options);
        REQUIRE(world->first);
    }
    std::string canary;
    launch::testing::Place place;
    std::optional<World> world;
};

}  // namespace

TEST_CASE_METHOD(Lent, "a secret that was lent is nowhere when it was used") {
    CHECK(world->ask("borrow", "token").value() == "32");
    CHECK(world->ask("borrow", "other").failure().reason == "not_granted");
    CHECK_FALSE(in_memory_of(world->plugin_pid(), canary));
    const pid_t watcher = static_cast<pid_t>(world->worker->state().pid);
    CHECK_FALSE(in_memory_of(watcher, canary));
    for (const pid_t pid : {world->plugin_pid(), watcher}) {
        for (const char* name : {"environ", "cmdline"}) {
            const std::string text = read_text("/proc/" + std::to_string(pid) + "/" + name);
            CHECK(text.find(canary) == std::string::npos);
        }
    }
    CHECK_FALSE(world->log.has(canary));
    for (const auto& [key, value] : world->store.values)
        CHECK(std::string{value.begin(), value.end()}.find(canary) == std::string::npos);
    // Its end says nothing, either.
    CHECK(world->ask("crash").failure().message.find(canary) == std::string::npos);
    CHECK_FALSE(world->log.has(canary));
    CHECK(world->worker->state().last_end.find(canary) == std::string::npos);
}

TEST_CASE_METHOD(Lent, "the search would find a copy") {
    CHECK(world->ask("keep", "token").value() == "kept");
    CHECK(in_memory_of(world->plugin_pid(), canary));
}
