#include "plugin-api/check/child.hpp"

#include "plugin-api/check/quiet.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>

namespace bh::check {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMaxOutput = 64 * 1024;
constexpr std::size_t kMaxResult = 4 << 20;

Shared* g_shared = nullptr;  // for the terminate handler, which gets no argument

[[noreturn]] void on_terminate() {
    try {
        if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
        Shared::put(g_shared->last_words, "std::terminate was called");
    } catch (const std::exception& error) {
        Shared::put(g_shared->last_words, std::string{"an exception crossed the ABI: "} + error.what());
    } catch (...) {
        Shared::put(g_shared->last_words, "an exception crossed the ABI");
    }
    ::signal(SIGABRT, SIG_DFL);
    ::abort();
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = ::write(fd, text.data(), text.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(size));
    }
}

[[noreturn]] void be_child(Shared& shared, int result, int output, const std::function<nlohmann::json()>& body) {
    ::setpgid(0, 0);
    const int nowhere = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nowhere, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    g_shared = &shared;
    shared.answer_to = result;
    std::set_terminate(on_terminate);
    try {
        write_all(result, body().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    } catch (const std::exception& error) {
        Shared::put(shared.last_words, error.what());
        ::_exit(3);
    }
    ::_exit(0);
}

std::string slurp(int fd) {
    std::string text(kMaxOutput, '\0');
    const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

// False: the time is over. The child may go on after it has answered only to end.
bool listen(int fd, std::string& text, Clock::time_point until) {
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0) return false;
        pollfd ready{fd, POLLIN, 0};
        if (::poll(&ready, 1, static_cast<int>(left)) <= 0) continue;
        char block[65536];
        const ssize_t size = ::read(fd, block, sizeof block);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return true;
        if (text.size() < kMaxResult) text.append(block, static_cast<std::size_t>(size));
    }
}

// Waits for the child; a process of its own group that holds the pipe open must not keep us.
int reap(pid_t pid, Clock::time_point until, bool& timed_out) {
    int status = 0;
    for (;;) {
        const pid_t ended = ::waitpid(pid, &status, timed_out ? 0 : WNOHANG);
        if (ended == pid) return status;
        if (ended < 0 && errno != EINTR) return 0;
        if (!timed_out && Clock::now() >= until) {
            timed_out = true;
            ::kill(-pid, SIGKILL);
            ::kill(pid, SIGKILL);
        }
        if (!timed_out) ::poll(nullptr, 0, 1);
    }
}

}  // namespace

Ended run_child(Shared& shared, std::chrono::milliseconds patience, const std::function<nlohmann::json()>& body) {
    Shared::put(shared.last_words, "");
    shared.forbidden_call = -1;
    int result[2];
    if (::pipe2(result, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    const int output = ::memfd_create("output", MFD_CLOEXEC);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    // Both processes would write what is buffered.
    std::fflush(nullptr);
    const auto until = Clock::now() + patience;
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error{"no process"};
    if (pid == 0) {
        ::close(result[0]);
        be_child(shared, result[1], output, body);
    }
    ::setpgid(pid, pid);
    ::close(result[1]);
    Ended ended;
    std::string text;
    ended.timed_out = !listen(result[0], text, until);
    ::close(result[0]);
    if (ended.timed_out) ::kill(-pid, SIGKILL);
    const int status = reap(pid, until, ended.timed_out);
    ::kill(-pid, SIGKILL);
    // What it left behind has become ours: nothing of it may still be at work when the next attempt looks.
    while (::waitpid(-pid, nullptr, 0) > 0 || errno == EINTR) continue;
    ended.output = slurp(output);
    ::close(output);
    if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
    if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
    auto node = nlohmann::json::parse(text, nullptr, false);
    if (!ended.timed_out && ended.signal == 0 && ended.exit_code == 0 && !node.is_discarded()) ended.result = node;
    return ended;
}

std::string Ended::how(const Shared& shared) const {
    if (result) return "";
    const std::string where = shared.step[0] != '\0' ? std::string{" while in "} + shared.step : "";
    const std::string words = shared.last_words[0] != '\0' ? std::string{": "} + shared.last_words : "";
    if (shared.forbidden_call >= 0) return "made the system call " + call_name(shared.forbidden_call) + where;
    if (timed_out) return "did not come back in time" + where;
    if (signal != 0) return std::string{"died by SIG"} + ::sigabbrev_np(signal) + where + words;
    if (exit_code == 3 && !words.empty()) return "the check itself failed" + where + words;
    return "ended the process (exit code " + std::to_string(exit_code) + ")" + where + words;
}

}  // namespace bh::check
