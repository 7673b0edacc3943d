// For tests, as root: a real blockhost-launch in a directory of its own, a range of uids of its own, and nothing of it
// left afterwards. The test acts as the kernel's user only while it calls (SO_PEERCRED is that of connect()).
#pragma once

#include "kernel/launch/client.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

namespace bh::launch::testing {

inline constexpr uid_t kKernelUser = 64101;

inline std::string read_text(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline void write_text(const std::string& path, const std::string& text) {
    std::ofstream{path, std::ios::binary} << text;
}

inline bool wait_until(const std::function<bool()>& condition,
                       std::chrono::milliseconds time = std::chrono::seconds{15}) {
    const auto deadline = std::chrono::steady_clock::now() + time;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return true;
}

// The whole process is the kernel's user while this lives.
class AsKernel {
public:
    explicit AsKernel(uid_t uid = kKernelUser) : nested_{uid != 0 && ::geteuid() == uid} {
        if (nested_) return;
        REQUIRE(::setegid(kKernelUser) == 0);
        REQUIRE(::seteuid(uid) == 0);
    }
    ~AsKernel() {
        if (!nested_ && (::seteuid(0) != 0 || ::setegid(0) != 0)) std::abort();
    }
    AsKernel(const AsKernel&) = delete;
    AsKernel& operator=(const AsKernel&) = delete;

private:
    bool nested_;
};

// A directory that units can pass through, and that is gone afterwards.
class Place {
public:
    Place() {
        char pattern[] = "/tmp/bh-launch-XXXXXX";
        path_ = ::mkdtemp(pattern);
        ::chmod(path_.c_str(), 0711);
    }
    // A supervisor may write its unit's last record meanwhile.
    ~Place() {
        (void)wait_until([&] {
            std::error_code error;
            std::filesystem::remove_all(path_, error);
            return !std::filesystem::exists(path_, error);
        });
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

    // A directory of the kernel's in it.
    std::string directory(const std::string& name, mode_t mode, uid_t owner = kKernelUser) const {
        const std::string path = path_ + "/" + name;
        std::filesystem::create_directories(path);
        REQUIRE(::chown(path.c_str(), owner, kKernelUser) == 0);
        REQUIRE(::chmod(path.c_str(), mode) == 0);
        return path;
    }

private:
    std::string path_;
};

class Launcher {
public:
    // `instances`: the YAML below "instances:", indented by two.
    Launcher(const Place& place, const std::string& instances, const std::string& more = "")
        : place_{place}, first_uid_{2000000 + static_cast<uid_t>(::getpid() % 100000) * 100}, cgroup_{next_cgroup()} {
        place.directory("run", 0711, 0);
        place.directory("state", 0700, 0);
        std::ofstream{place / "launch.yaml"} << "run: " << place / "run" << "\nstate: " << place / "state"
                                             << "\nkernel: {user: " << kKernelUser << ", group: " << kKernelUser
                                             << "}\nuids: {first: " << first_uid_ << ", count: 50}\ncgroup: " << cgroup_
                                             << "\n"
                                             << more << "instances:\n"
                                             << instances;
        start();
    }
    ~Launcher() {
        end_units();
        stop(SIGTERM);
        for (const char* hierarchy : {"memory/", "pids/", "", "unified/"})
            remove_cgroup(std::string{"/sys/fs/cgroup/"} + hierarchy + cgroup_);
    }
    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;

    void start() {
        int ready[2];
        REQUIRE(::pipe(ready) == 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves no launcher behind
            ::dup2(ready[1], STDOUT_FILENO);
            ::close(ready[0]);
            ::execl(BLOCKHOST_LAUNCH, BLOCKHOST_LAUNCH, "--config", (place_ / "launch.yaml").c_str(), nullptr);
            ::_exit(127);
        }
        ::close(ready[1]);
        char line[16] = {};
        const ssize_t count = ::read(ready[0], line, sizeof line - 1);
        ::close(ready[0]);
        REQUIRE(count > 0);
        REQUIRE(std::string{line} == "ready\n");
    }
    int stop(int number) {
        if (pid_ <= 0) return 0;
        ::kill(pid_, number);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }
    void kill_and_restart() {
        stop(SIGKILL);
        start();
    }

    // `body(Client&)` as the kernel's user.
    template <class F>
    auto call(F&& body, uid_t as = kKernelUser) {
        const AsKernel kernel{as};
        Client client{socket()};
        return body(client);
    }
    [[nodiscard]] std::string socket() const { return place_ / "run/launch/launch.sock"; }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] uid_t first_uid() const { return first_uid_; }

private:
    // Its own: of two launchers at a time, the one that goes first would wait for the other's cgroups to be empty.
    static std::string next_cgroup() {
        static int made = 0;
        return "bh-test-" + std::to_string(::getpid()) + "-" + std::to_string(++made);
    }
    // kill(-1) as a uid reaches its processes and no others. One child for all of them: fifty, one after the other, are
    // fifty turns to wait for on a busy machine. Its saved uid stays root's, which kill() does not look at.
    void end_units() const {
        const pid_t child = ::fork();
        if (child == 0) {
            for (uid_t uid = first_uid_; uid < first_uid_ + 50; ++uid) {
                if (::setresuid(uid, uid, 0) != 0) ::_exit(1);
                ::kill(-1, SIGKILL);
                if (::setresuid(0, 0, 0) != 0) ::_exit(1);
            }
            ::_exit(0);
        }
        ::waitpid(child, nullptr, 0);
    }
    static void remove_cgroup(const std::string& path) {
        std::error_code error;
        if (!std::filesystem::exists(path, error)) return;
        (void)wait_until([&] {
            for (const auto& entry : std::filesystem::directory_iterator{path, error}) {
                if (entry.is_directory()) ::rmdir(entry.path().c_str());
            }
            return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
        });
    }

    const Place& place_;
    uid_t first_uid_;
    std::string cgroup_;
    pid_t pid_ = -1;
};

}  // namespace bh::launch::testing
