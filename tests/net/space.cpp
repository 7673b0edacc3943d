#include "tests/net/space.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace bh::nettest {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error{what + ": " + std::strerror(errno)}; }

void on_a_thread(const std::function<void()>& body) {
    std::exception_ptr error;
    std::thread{[&] {
        try {
            body();
        } catch (...) {
            error = std::current_exception();
        }
    }}.join();
    if (error) std::rethrow_exception(error);
}

// In a child: becomes `command` inside the namespace, with stdout on `out` (stderr, too, when `both`).
[[noreturn]] void become(int space, const std::vector<std::string>& command, int out, bool both) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::setns(space, CLONE_NEWNET) != 0 || ::dup2(out, 1) < 0 || (both && ::dup2(out, 2) < 0)) ::_exit(126);
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

}  // namespace

Space::Space() {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) fail("pipe");
    const Fd in{pipe[0]};
    Fd out{pipe[1]};
    holder_ = ::fork();
    if (holder_ < 0) fail("fork");
    if (holder_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::unshare(CLONE_NEWNET) != 0 || ::write(out.get(), "!", 1) != 1) ::_exit(1);
        for (;;) ::pause();
    }
    out.reset();
    char ready = 0;
    if (::read(in.get(), &ready, 1) != 1) throw std::runtime_error{"a network namespace can't be made; run as root"};
    handle_ = Fd{::open(("/proc/" + std::to_string(holder_) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC)};
    if (!handle_.valid()) fail("open the namespace");
    ip("link set lo up");
}

Space::~Space() {
    ::kill(holder_, SIGKILL);
    ::waitpid(holder_, nullptr, 0);
}

void Space::inside(const std::function<void()>& body) const {
    on_a_thread([&] {
        if (::setns(handle_.get(), CLONE_NEWNET) != 0) fail("setns");
        body();
    });
}

std::string Space::output(const std::vector<std::string>& command) const {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) fail("pipe");
    const Fd in{pipe[0]};
    Fd out{pipe[1]};
    const pid_t child = ::fork();
    if (child < 0) fail("fork");
    if (child == 0) become(handle_.get(), command, out.get(), true);
    out.reset();
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::read(in.get(), buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) {
        std::string line;
        for (const auto& word : command) line += word + " ";
        throw std::runtime_error{line + "failed: " + text};
    }
    return text;
}

void Space::ip(const std::string& arguments) const {
    std::istringstream words{"ip " + arguments};
    std::vector<std::string> command;
    for (std::string word; words >> word;) command.push_back(word);
    run(command);
}

pid_t Space::start(const std::vector<std::string>& command, int out) const {
    const pid_t child = ::fork();
    if (child < 0) fail("fork");
    if (child == 0) become(handle_.get(), command, out, false);
    return child;
}

void as_user(uid_t user, gid_t group, const std::function<void()>& body) {
    on_a_thread([&] {
        // The system calls themselves: the C library's functions would change every thread.
        if (::syscall(SYS_setresgid, -1, group, -1) != 0 || ::syscall(SYS_setresuid, -1, user, -1) != 0)
            fail("setresuid");
        body();
    });
}

bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        ::poll(nullptr, 0, 10);
    }
    return true;
}

}  // namespace bh::nettest
