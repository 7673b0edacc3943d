#include "tests/kill/arena.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>

namespace bh::life::testing {

void Killer::at(const std::string& name) noexcept {
    if (!world_.die_at.empty() && world_.die_at == name) ::kill(::getpid(), SIGKILL);
    for (std::uint32_t i = 0; i < world_.passed_count; ++i) {
        if (world_.passed[i] == name) return;
    }
    if (world_.passed_count < std::size(world_.passed)) world_.passed[world_.passed_count++] = name;
}

Arena::Arena(unsigned seconds_per_child) : seconds_per_child_{seconds_per_child} {
    void* memory = ::mmap(nullptr, sizeof(World), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    world_ = static_cast<World*>(memory);
    char pattern[] = "/dev/shm/bh-kill-XXXXXX";
    if (::mkdtemp(pattern) == nullptr) std::abort();
    directory_ = pattern;
}

Arena::~Arena() {
    std::filesystem::remove_all(directory_);
    ::munmap(world_, sizeof(World));
}

std::string Arena::run(const std::string& die_at, std::set<std::string>* passed,
                       const std::function<void(World&)>& prepare, const std::function<bool(World&)>& play,
                       const std::function<void(World&)>& between) {
    for (const auto& entry : std::filesystem::directory_iterator{directory_}) std::filesystem::remove_all(entry.path());
    new (world_) World{};
    prepare(*world_);
    world_->die_at = die_at;
    if (!die_at.empty()) {
        const int status = child(play);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
            return "was not killed at '" + die_at + "': " + complaint();
        }
        world_->die_at = "";
        if (between) between(*world_);
    }
    const int status = child(play);
    if (passed != nullptr) {
        for (std::uint32_t i = 0; i < world_->passed_count; ++i) passed->insert(world_->passed[i].str());
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && world_->finished) return {};
    return complaint() + " (wait status " + std::to_string(status) + ")";
}

std::string Arena::complaint() const {
    return world_->complaint.empty() ? "no complaint, state unknown" : world_->complaint.str();
}

int Arena::child(const std::function<bool(World&)>& play) {
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::alarm(seconds_per_child_);
        int code = 2;
        try {
            code = play(*world_) ? 0 : 1;
        } catch (const std::exception& error) {
            world_->complaint = error.what();
        }
        ::_exit(code);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status;
}

}  // namespace bh::life::testing
