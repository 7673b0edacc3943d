// blockhostd with a death wish: it is killed by SIGKILL the first time it passes a boundary that the file of
// BLOCKHOST_BOUNDARIES does not name yet, after it has written that boundary there. With BLOCKHOST_DIE=no it only
// writes them down. survive_test.py starts it instead of the real one.
#include "kernel/daemon/program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <set>
#include <string>

namespace {

class Dying final : public bh::life::Boundaries {
public:
    Dying(const char* path, bool dies)
        : file_{::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)}, dies_{dies} {
        std::ifstream before{path};
        for (std::string name; std::getline(before, name);) passed_.insert(name);
    }
    [[nodiscard]] bool usable() const { return file_ >= 0; }

    void at(const std::string& name) noexcept override {
        const std::lock_guard lock{mutex_};
        if (!passed_.insert(name).second) return;
        const std::string line = name + "\n";
        // A boundary that could not be written down would be passed again and again.
        if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
        if (dies_) ::kill(::getpid(), SIGKILL);
    }

private:
    std::mutex mutex_;
    std::set<std::string> passed_;
    int file_;
    bool dies_;
};

}  // namespace

int main(int argc, char** argv) {
    const char* path = std::getenv("BLOCKHOST_BOUNDARIES");
    const char* die = std::getenv("BLOCKHOST_DIE");
    if (path == nullptr) {
        std::cerr << "BLOCKHOST_BOUNDARIES must name a file\n";
        return 2;
    }
    Dying boundaries{path, die == nullptr || std::string{die} != "no"};
    if (!boundaries.usable()) {
        std::cerr << path << " can't be written\n";
        return 2;
    }
    return bh::daemon::run_program(argc, argv, boundaries);
}
