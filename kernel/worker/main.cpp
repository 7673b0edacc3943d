// blockhost-worker: one plugin instance in a sandbox. Started by blockhost-launch under a user of its own:
//
//   blockhost-worker LIMITS MEMORY_BYTES MAX_THREADS SOCKETS [ro:PATH | rw:PATH]...
//   blockhost-worker tool [ro:PATH | rw:PATH]... -- PROGRAM [ARGS]...      a tool of the instance: tool.cpp
//
// LIMITS: "cgroup2", "cgroup1" (it is inside already) or "rlimit". SOCKETS: "local" or "none". Descriptors:
//
//   3 control   channel to the kernel      5 plugin     its sealed file
//   4 report    packets to the kernel      6 lifeline   ends when the launcher ends: so does the worker
//
// Two processes: this one watches, hears which system calls the sandbox refused and how the plugin ended, and is out of
// the plugin's reach; its child is the first process of a pid namespace and becomes the sandbox.

#include "kernel/worker/attempts.hpp"
#include "kernel/worker/host.hpp"
#include "kernel/worker/report.hpp"
#include "kernel/worker/sandbox.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>

namespace {

using namespace bh;
using namespace bh::worker;

constexpr int kControl = 3, kReport = 4, kPlugin = 5, kLifeline = 6;
constexpr int kFirstPath = 5;
constexpr int kLookEvery = 1000;  // ms: whether a limit was reached

void tell(Report::Kind kind, std::uint32_t value, std::string_view text) {
    Report report;
    report.kind = kind;
    report.value = value;
    std::memcpy(report.text, text.data(), std::min(text.size(), sizeof report.text - 1));
    (void)!::send(kReport, &report, sizeof report, MSG_NOSIGNAL);
}

[[noreturn]] void fail(const char* step) {
    tell(Report::Kind::kFailed, static_cast<std::uint32_t>(errno), step);
    ::_exit(1);
}
void must(const char* failed_step) {
    if (failed_step != nullptr) fail(failed_step);
}

template <class T>
bool number(std::string_view text, T& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

bool read_plan(int argc, char** argv, Plan& plan) {
    if (argc < kFirstPath || !number(argv[2], plan.memory_bytes) || !number(argv[3], plan.max_threads)) return false;
    plan.rlimits = std::string_view{argv[1]} == "rlimit";
    plan.local_sockets = std::string_view{argv[4]} == "local";
    plan.tell_files = true;
    for (int i = kFirstPath; i < argc; ++i) {
        if (!add_path(argv[i], plan)) return false;
    }
    return true;
}

// The listener of the filter is born in the sandbox and belongs to the watcher.
bool hand_over(int socket, int fd) {
    Channel channel{Fd{socket}};
    Writer out;
    out.begin(Kind::kChannel, 0);
    return channel.send(out, {&fd, 1});
}
Fd take_over(int socket) {
    Channel channel{Fd{socket}};
    Buffer buffer;
    Frame frame;
    if (channel.receive(buffer, frame, true) != Got::kFrame || channel.fds().size() != 1) return {};
    return std::move(channel.fds().front());
}

[[noreturn]] void be_the_plugin(const Plan& plan, int hand) {
    // With its watcher it goes, however that ends.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("death signal");
    ::close(kLifeline);
    int abi = 0, listener = -1;
    must(end_first());
    must(build_root(plan));
    must(drop_capabilities());
    must(restrict_paths(plan, abi));
    tell(Report::Kind::kSandbox, 0,
         "namespaces, seccomp, " +
             (abi > 0 ? "Landlock " + std::to_string(abi) : std::string{"no Landlock in this system"}));
    must(restrict_calls(plan, listener));
    if (!hand_over(hand, listener)) ::_exit(1);
    ::close(listener);
    ::close(kReport);
    ::fcntl(kControl, F_SETFD, FD_CLOEXEC);
    Host host{Fd{kControl}};
    if (!host.greet()) ::_exit(1);
    // connect() could lead a socket from the kernel to another address.
    if (plan.local_sockets && host.asks_for(BH_SVC_CONNECT)) {
        host.refuse("local_sockets",
                    "launch.yaml gives the instance local_sockets and its file grants bh.svc.connect/1; only one of "
                    "them can be: remove the other");
        ::_exit(1);
    }
    if (!host.make("/proc/self/fd/" + std::to_string(kPlugin))) ::_exit(1);
    host.serve();
    ::_exit(0);
}

class Refusals {
public:
    Refusals(const Plan& plan, int proc) : plan_{plan}, proc_{proc} {}
    bool open() { return seccomp_notify_alloc(&request_, &response_) == 0; }

    void answer(int listener) {
        // The request must be zero before it is received.
        std::memset(request_, 0, sizeof *request_);
        if (seccomp_notify_receive(listener, request_) != 0) return;
        std::memset(response_, 0, sizeof *response_);
        response_->id = request_->id;
        const int call = request_->data.nr;
        if (opens_file(call)) {
            // The sandbox decides; this is only told.
            std::string attempt = attempt_of(plan_, proc_, static_cast<pid_t>(request_->pid), request_->data);
            if (seccomp_notify_id_valid(listener, request_->id) != 0) attempt.clear();  // another process by now
            response_->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
            (void)seccomp_notify_respond(listener, response_);
            note(attempt, call);
            return;
        }
        response_->error = -EPERM;
        (void)seccomp_notify_respond(listener, response_);
        char* name = seccomp_syscall_resolve_num_arch(request_->data.arch, call);
        note(name != nullptr ? std::string{name} : "system call " + std::to_string(call), call);
        std::free(name);
    }
    void look_at_limits(pid_t plugin) {
        for (const auto& limit : limits_reached(plan_, proc_, plugin)) note("came to " + limit, 0);
    }

private:
    static constexpr std::size_t kMost = 100;
    // Each once.
    void note(const std::string& what, int call) {
        if (what.empty() || seen_.size() >= kMost || !seen_.insert(what).second) return;
        tell(Report::Kind::kDenied, static_cast<std::uint32_t>(call), what);
    }
    const Plan& plan_;
    int proc_;
    seccomp_notif* request_ = nullptr;
    seccomp_notif_resp* response_ = nullptr;
    std::set<std::string> seen_;
};

int watch(const Plan& plan, int proc, pid_t plugin, int hand) {
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::close(kControl);
    ::close(kPlugin);
    const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, plugin, 0))};
    if (!process.valid()) fail("watching");
    const Fd listener = take_over(hand);
    Refusals refusals{plan, proc};
    if (!refusals.open()) fail("watching");
    for (std::uint64_t next_look = 0;;) {
        pollfd fds[3] = {{process.get(), POLLIN, 0}, {kLifeline, POLLIN, 0}, {listener.get(), POLLIN, 0}};
        if (::poll(fds, 3, kLookEvery) < 0 && errno != EINTR) break;
        if (const std::uint64_t now = monotonic_ns(); now >= next_look) {
            next_look = now + std::uint64_t{kLookEvery} * 1'000'000;
            refusals.look_at_limits(plugin);
        }
        if ((fds[2].revents & POLLIN) != 0) refusals.answer(listener.get());
        if (fds[1].revents != 0) return 0;  // the plugin's death signal follows
        if (fds[0].revents == 0) continue;
        int status = 0;
        if (::waitpid(plugin, &status, 0) == plugin) tell(Report::Kind::kEnded, static_cast<std::uint32_t>(status), {});
        return 0;
    }
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view{argv[1]} == "tool") return run_tool(argc, argv);
    Plan plan;
    if (!read_plan(argc, argv, plan)) return 2;
    // What it makes in granted paths is for the kernel's group, too, and units pass through its directories.
    ::umask(0002);
    must(limit_resources(plan));
    must(enter_namespaces());
    int hand[2];
    // The plugin's root will be the watcher's, too.
    const int proc = ::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0 || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hand) != 0) fail("descriptors");
    const pid_t plugin = ::fork();
    if (plugin < 0) fail("process");
    if (plugin == 0) {
        ::close(hand[0]);
        ::close(proc);
        be_the_plugin(plan, hand[1]);
    }
    ::close(hand[1]);
    must(drop_capabilities());
    return watch(plan, proc, plugin, hand[0]);
}
