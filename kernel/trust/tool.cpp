#include "kernel/trust/tool.hpp"

#include "kernel/ipc/fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace bh::trust {
namespace {

constexpr int kFirstFile = 3;
constexpr int kAboveFiles = 32;  // where our own ends are, so that none is in the way of the child's numbers

Failure failed(const std::string& what) { return {BH_E_UNAVAILABLE, "no_child", what + ": " + std::strerror(errno)}; }

// A file in memory with this text, its position at the start.
Result<Fd> memory_file(const std::string& text) {
    const Fd low{::memfd_create("blockhost-trust", MFD_CLOEXEC)};
    if (!low.valid()) return failed("no memory for a copy");
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t size = ::write(low.get(), text.data() + at, text.size() - at);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return failed("no memory for a copy");
        at += static_cast<std::size_t>(size);
    }
    if (::lseek(low.get(), 0, SEEK_SET) != 0) return failed("no memory for a copy");
    Fd high{::fcntl(low.get(), F_DUPFD_CLOEXEC, kAboveFiles)};
    if (!high.valid()) return failed("no descriptor for a copy");
    return high;
}

std::string text_of(int fd) {
    std::string text(kMaxToolOutput, '\0');
    std::size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < text.size(); size += got > 0 ? static_cast<std::size_t>(got) : 0)
        got = ::pread(fd, text.data() + size, text.size() - size, static_cast<off_t>(size));
    text.resize(size);
    return text;
}

// Programs that ask who they are want an account. Where users are numbers there is none, and the program sees itself as
// root of a user namespace, which has no rights that its user does not have.
bool has_account() {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    return ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
}

struct Child {
    std::vector<char*> arguments;
    std::vector<int> files;  // to be 0, 1, 2, 3, ...
    std::array<char, 64> uid_map{};
    int uid_map_size = 0;  // 0: an account is there
};

void limit(int resource, rlim_t value) {
    const rlimit limits{value, value};
    ::setrlimit(static_cast<__rlimit_resource>(resource), &limits);
}

// Between fork and exec, perhaps of a process with threads: system calls only.
[[noreturn]] void become(const Child& child) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::setpgid(0, 0);
    if (child.uid_map_size > 0 && ::unshare(CLONE_NEWUSER) == 0) {
        const int map = ::open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
        // Without it the program says by itself that it knows no such user.
        if (map >= 0) (void)!::write(map, child.uid_map.data(), static_cast<std::size_t>(child.uid_map_size));
    }
    int number = 0;
    for (const int fd : child.files)
        if (::dup2(fd, number++) < 0) ::_exit(127);
    ::syscall(SYS_close_range, static_cast<unsigned>(number), ~0U, 0U);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int number_of_signal = 1; number_of_signal < 32; ++number_of_signal) ::signal(number_of_signal, SIG_DFL);
    if (::chdir("/") != 0) ::_exit(127);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, 5);
    limit(RLIMIT_FSIZE, kMaxToolOutput);
    limit(RLIMIT_NOFILE, 64);
    limit(RLIMIT_AS, rlim_t{512} << 20);
    char locale[] = "LC_ALL=C", path[] = "PATH=/usr/bin:/bin";
    char* environment[] = {locale, path, nullptr};
    ::execve(child.arguments[0], child.arguments.data(), environment);
    ::_exit(127);
}

// Ends the child unless it has ended by itself in time.
Status watch(pid_t pid, std::chrono::milliseconds patience) {
    const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    const auto until = std::chrono::steady_clock::now() + patience;
    Failure failure = failed("the child can't be watched");
    while (process.valid()) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd ready{process.get(), POLLIN, 0};
        if (left.count() > 0 && ::poll(&ready, 1, static_cast<int>(left.count())) == 1) return {};
        if (left.count() > 0) continue;
        failure = {BH_E_TIMEOUT, "overdue", "it took too long and was ended"};
        break;
    }
    ::kill(pid, SIGKILL);
    return failure;
}

// Its wait status.
Result<int> wait_for(pid_t pid, std::chrono::milliseconds patience) {
    const auto watched = watch(pid, patience);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return failed("the child can't be waited for");
    if (!watched) return watched.failure();
    return status;
}

}  // namespace

std::string tool_file(std::size_t index) {
    return "/proc/self/fd/" + std::to_string(kFirstFile + static_cast<int>(index));
}

Result<ToolAnswer> run_tool(const ToolCall& call) {
    Child child;
    std::vector<Fd> files;
    std::vector<const std::string*> texts{&call.input};
    const std::string nothing;
    texts.insert(texts.end(), {&nothing, &nothing});  // output and errors
    for (const auto& file : call.files) texts.push_back(&file);
    for (const auto* text : texts) {
        auto made = memory_file(*text);
        if (!made) return made.failure();
        child.files.push_back(made->get());
        files.push_back(std::move(*made));
    }
    for (const auto& argument : call.command) child.arguments.push_back(const_cast<char*>(argument.c_str()));
    child.arguments.push_back(nullptr);
    if (!has_account())
        child.uid_map_size = std::snprintf(child.uid_map.data(), child.uid_map.size(), "0 %u 1\n", ::geteuid());

    const pid_t pid = ::fork();
    if (pid < 0) return failed("no child");
    if (pid == 0) become(child);
    const auto status = wait_for(pid, call.patience);
    if (!status) return status.failure().within(call.command.front());
    return ToolAnswer{WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status), text_of(files[1].get()),
                      text_of(files[2].get())};
}

}  // namespace bh::trust
