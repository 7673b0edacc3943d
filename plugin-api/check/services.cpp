// launch: one-shot programs really run, held to the manifest's patterns; units are not started, there is no launcher
// here. connect: to what the manifest and the configuration name.
#include "plugin-api/check/services.hpp"

#include "plugin-api/documents/launch.hpp"
#include "plugin-api/sdk/cpp/boundary.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <regex>

namespace bh::check {
namespace {

using sdk::guarded;
using sdk::view;

std::uint64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000000000u + static_cast<std::uint64_t>(now.tv_nsec);
}

bool matches(const std::vector<std::string>& patterns, const std::vector<std::string>& args) {
    if (patterns.size() != args.size()) return false;
    for (std::size_t i = 0; i < args.size(); ++i)
        if (!std::regex_match(args[i], std::regex{patterns[i]})) return false;
    return true;
}

Status may_run(const host::Manifest& manifest, const RunRequest& request) {
    for (const host::Program& program : manifest.programs) {
        if (program.name != request.program || program.kind != "tool") continue;
        for (const auto& patterns : program.commands)
            if (matches(patterns, request.args)) return {};
        return invalid("arguments", "the arguments for " + request.program + " match none of the manifest's patterns");
    }
    return Failure{BH_E_DENIED, "not_granted", "the program " + request.program + " is not in the manifest"};
}

Bytes contents(int fd) {
    Bytes all(1 << 20);
    const ssize_t size = ::pread(fd, all.data(), all.size(), 0);
    all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    ::close(fd);
    return all;
}

Result<RunResult> run_program(const RunRequest& request, std::uint64_t deadline_ns) {
    std::vector<std::string> words{request.program};
    words.insert(words.end(), request.args.begin(), request.args.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char* const environment[] = {path, nullptr};
    const int in = ::memfd_create("in", MFD_CLOEXEC), out = ::memfd_create("out", MFD_CLOEXEC);
    const int errors = ::memfd_create("err", MFD_CLOEXEC);
    (void)!::write(in, request.input.data(), request.input.size());
    ::lseek(in, 0, SEEK_SET);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, errors, 2);
    pid_t pid = 0;
    const int failed = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environment);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in);
    int status = 0;
    bool late = false;
    while (failed == 0 && ::waitpid(pid, &status, WNOHANG) == 0) {
        if (deadline_ns != 0 && now_ns() > deadline_ns && !late) {
            late = true;
            ::kill(pid, SIGKILL);
        }
        ::poll(nullptr, 0, 1);
    }
    RunResult result{WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(out), contents(errors)};
    if (failed != 0)
        return Failure{BH_E_UNAVAILABLE, "no_program", request.program + ": " + std::strerror(failed) + "; install it"};
    if (late) return Failure{BH_E_UNKNOWN_OUTCOME, "killed", request.program + " was killed at the deadline"};
    return result;
}

bh_status start(const bh_kernel*, bh_str, bh_str, const std::int32_t*, std::uint32_t, bh_sink, bh_error* err) noexcept {
    return guarded(err, []() -> Status {
        return Failure{BH_E_UNAVAILABLE, "no_launcher", "the check has no launcher and starts no units"};
    });
}
bh_status unit_status(const bh_kernel*, bh_str unit, bh_sink, bh_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        return Failure{BH_E_NOT_FOUND, "no_unit", "there is no unit " + std::string{view(unit)}};
    });
}
bh_status signal_unit(const bh_kernel*, bh_str unit, std::int32_t, bh_error* err) noexcept {
    return unit_status(nullptr, unit, {}, err);
}
bh_status list_units(const bh_kernel*, bh_str, bh_sink out, bh_error* err) noexcept {
    return guarded(err, [&] { return sdk::write(out, to_json(UnitPage{})); });
}
bh_status run(const bh_kernel* kernel, bh_str request, std::uint64_t deadline_ns, bh_sink out, bh_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        Kernel& self = kernel_of(kernel);
        const auto parsed = parse_run_request(view(request));
        if (!parsed) return parsed.failure();
        if (auto allowed = may_run(*self.setup().manifest, *parsed); !allowed) return allowed;
        self.setup().boundary("launch.run");
        const auto result = run_program(*parsed, deadline_ns);
        self.setup().boundary("launch.run done");
        if (!result) return result.failure();
        return sdk::write(out, to_json(*result));
    });
}

// One address after the other, until the deadline.
Result<int> connect_to(const std::string& host, std::uint16_t port, std::uint64_t deadline_ns) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
        return Failure{BH_E_UNAVAILABLE, "no_address", "the name " + host + " is not known"};
    int connected = -1;
    for (const addrinfo* at = found; at != nullptr && connected < 0; at = at->ai_next) {
        const int fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) continue;
        bool good = ::connect(fd, at->ai_addr, at->ai_addrlen) == 0;
        if (!good && errno == EINPROGRESS) {
            const std::uint64_t now = now_ns();
            const int left = deadline_ns == 0 ? 10000 : deadline_ns > now ? int((deadline_ns - now) / 1000000) : 0;
            pollfd ready{fd, POLLOUT, 0};
            int error = 1;
            socklen_t size = sizeof error;
            good = ::poll(&ready, 1, left) == 1 && ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
                   error == 0;
        }
        if (good)
            connected = fd;
        else
            ::close(fd);
    }
    ::freeaddrinfo(found);
    if (connected < 0) return Failure{BH_E_UNAVAILABLE, "no_connection", "nobody answers at " + host};
    return connected;
}

bh_status tcp(const bh_kernel* kernel, bh_str host, std::uint16_t port, std::uint64_t deadline_ns, std::int32_t* fd,
              bh_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const std::string name{view(host)}, place = name + ":" + std::to_string(port);
        const auto& network = kernel_of(kernel).setup().network;
        if (std::find(network.begin(), network.end(), place) == network.end())
            return Failure{BH_E_DENIED, "not_granted", place + " is not in the manifest's network"};
        const auto connected = connect_to(name, port, deadline_ns);
        if (!connected) return connected.failure();
        *fd = *connected;
        return {};
    });
}

}  // namespace

const bh_svc_launch kLaunchService{sizeof(bh_svc_launch), 0, start, unit_status, signal_unit, list_units, run};
const bh_svc_connect kConnectService{sizeof(bh_svc_connect), 0, tcp};

}  // namespace bh::check
