#include "plugin-api/host/inspect.hpp"

#include "plugin-api/documents/strict_json.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace bh::host {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxAnswer = std::size_t{64} * 1024;
constexpr std::size_t kMaxNames = 200;  // more exported symbols than this need not be listed

void limit(int resource, rlim_t value) {
    const rlimit limits{value, value};
    ::setrlimit(static_cast<__rlimit_resource>(resource), &limits);
}

#ifndef __SANITIZE_ADDRESS__  // its shadow memory is larger than any useful limit
// The process inherited its parent's memory, however much that is: what counts is what the reader adds.
void limit_memory() {
    constexpr rlim_t kReader = rlim_t{256} << 20;
    char text[64] = {};
    const int fd = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd >= 0 ? ::read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) ::close(fd);
    if (size > 0) limit(RLIMIT_AS, std::strtoull(text, nullptr, 10) * static_cast<rlim_t>(::getpagesize()) + kReader);
}
#endif

// The child's answer to its parent.
std::string describe(const Result<ElfFacts>& facts) {
    if (!facts) return json{{"reason", facts.failure().reason}, {"message", facts.failure().message}}.dump();
    auto names = facts->exported;
    if (names.size() > kMaxNames) names.resize(kMaxNames);
    json answer{{"exported", names},
                {"now", facts->binds_now},
                {"kept", facts->never_unmapped},
                {"relro", facts->relro},
                {"run_path", facts->run_path},
                {"text", facts->text_relocations},
                {"stack", facts->executable_stack}};
    // A name may be any bytes.
    return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

[[noreturn]] void child(std::span<const std::uint8_t> file, int out) {
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, 5);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NPROC, 0);
#ifndef __SANITIZE_ADDRESS__
    limit_memory();
#endif
    std::string answer;
    try {
        answer = describe(read_elf(file));
    } catch (...) {
        ::_exit(1);  // out of memory; the parent hears nothing, and refuses
    }
    for (std::size_t at = 0; at < answer.size();) {
        const ssize_t size = ::write(out, answer.data() + at, answer.size() - at);
        if (size <= 0) ::_exit(1);
        at += static_cast<std::size_t>(size);
    }
    ::_exit(0);
}

// All the child writes until it closes, or nullopt when it takes too long or says too much.
std::optional<std::string> listen(int in, std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::string answer;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0 || answer.size() > kMaxAnswer) return std::nullopt;
        pollfd ready{in, POLLIN, 0};
        if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
        char block[4096];
        const ssize_t size = ::read(in, block, sizeof block);
        if (size == 0) return answer;
        if (size < 0 && errno != EINTR) return std::nullopt;
        if (size > 0) answer.append(block, static_cast<std::size_t>(size));
    }
}

Result<ElfFacts> understand(const std::optional<std::string>& answer) {
    const json node = answer ? json::parse(*answer, nullptr, false) : json{};
    if (!node.is_object())
        return invalid("crafted_elf",
                       "the reader of its symbols failed on it: the file is damaged or crafted; do not use it, install "
                       "the plugin from its author again");
    if (node.contains("reason")) return invalid(node.value("reason", ""), node.value("message", ""));
    ElfFacts facts;
    facts.exported = node.value("exported", std::vector<std::string>{});
    facts.binds_now = node.value("now", false);
    facts.never_unmapped = node.value("kept", false);
    facts.relro = node.value("relro", false);
    facts.run_path = node.value("run_path", false);
    facts.text_relocations = node.value("text", false);
    facts.executable_stack = node.value("stack", false);
    return facts;
}

}  // namespace

Result<ElfFacts> inspect_elf(std::span<const std::uint8_t> file, std::chrono::milliseconds patience) {
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0)
        return Failure{BH_E_UNAVAILABLE, "no_pipe", std::string{"no pipe for the reader: "} + std::strerror(errno)};
    const pid_t pid = ::fork();
    if (pid == 0) child(file, pipe[1]);
    ::close(pipe[1]);
    if (pid < 0) {
        ::close(pipe[0]);
        return Failure{BH_E_UNAVAILABLE, "no_process",
                       std::string{"no process for the reader: "} + std::strerror(errno)};
    }
    const std::optional<std::string> answer = listen(pipe[0], patience);
    ::close(pipe[0]);
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return understand(answer);
}

}  // namespace bh::host
