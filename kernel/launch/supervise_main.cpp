// blockhost-supervise: the parent of one unit's process. Started by the launcher (plan.hpp says how), it leaves the
// launcher's session at once, starts the program without privileges, records how it ended, and ends.
//
// It outlives the launcher and everything else, one per running VM, so it is small: one thread, the C library only.
// It keeps no capability once the program runs. It ignores the signals that end a session; what ends it is the end of
// its unit. If it is killed all the same, the unit runs on and the launcher finds it by its recorded identity.

#include "kernel/launch/plan.hpp"
#include "kernel/launch/run_record.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>

namespace {

using namespace bh::launch;

// Units make files and sockets (0660 for the kernel's group in their 2770 directories), no programs, no directories.
constexpr mode_t kUnitUmask = 0117;
constexpr int kFirstProgramArg = 8;

struct Plan {
    const char* unit;
    uid_t uid;
    gid_t gid;
    bool rlimits;
    rlim_t memory_bytes, max_processes;
    int fd_count;
    char** program;  // argv of the unit, ends with NULL
};

bool number(const char* text, unsigned long long& out) {
    char* end = nullptr;
    errno = 0;
    out = std::strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *text != '-';
}

bool read_plan(int argc, char** argv, Plan& plan) {
    if (argc <= kFirstProgramArg) return false;
    unsigned long long uid = 0, gid = 0, memory = 0, processes = 0, fds = 0;
    if (!number(argv[2], uid) || !number(argv[3], gid) || !number(argv[5], memory) || !number(argv[6], processes) ||
        !number(argv[7], fds)) {
        return false;
    }
    if (uid == 0 || gid == 0 || fds > 64) return false;
    plan = {argv[1],   static_cast<uid_t>(uid), static_cast<gid_t>(gid), std::strcmp(argv[4], "rlimit") == 0, memory,
            processes, static_cast<int>(fds),   argv + kFirstProgramArg};
    return true;
}

// Never returns. The last write is to a pipe that closes by itself when exec succeeds.
[[noreturn]] void fail(int pipe, const char* step) {
    char line[64];
    const int size = std::snprintf(line, sizeof line, "error %s %d\n", step, errno);
    if (write(pipe, line, static_cast<std::size_t>(size)) != size) _exit(126);
    _exit(127);
}

void set_limit(int pipe, __rlimit_resource resource, rlim_t value, const char* step) {
    const rlimit limit{value, value};
    if (setrlimit(resource, &limit) != 0) fail(pipe, step);
}

// The end of what the unit writes to stderr: why it failed, when it does.
class LastWords {
public:
    bool open() { return pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) == 0; }
    int reader() const { return pipe_[0]; }
    int writer() const { return pipe_[1]; }
    void started() { close(pipe_[1]); }

    void listen() {
        char fresh[kSize];
        for (ssize_t count; (count = read(pipe_[0], fresh, sizeof fresh)) > 0;) {
            const auto size = static_cast<std::size_t>(count);
            const std::size_t keep = std::min(used_, kSize - size);
            std::memmove(text_, text_ + used_ - keep, keep);
            std::memcpy(text_ + keep, fresh, size);
            used_ = keep + size;
        }
    }
    void write_to(const char* unit) const {
        char name[128];
        std::snprintf(name, sizeof name, "%s.err", unit);
        const int fd = openat(kStateDirFd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) return;
        if (write(fd, text_, used_) < 0) unlinkat(kStateDirFd, name, 0);
        close(fd);
    }

private:
    static constexpr std::size_t kSize = 1024;
    int pipe_[2] = {-1, -1};
    char text_[kSize] = {};
    std::size_t used_ = 0;
};

// The unit's process between fork and exec. `pipe` is close-on-exec and above every unit descriptor.
[[noreturn]] void become_unit(const Plan& plan, int pipe, int words) {
    if (dup2(words, STDERR_FILENO) < 0 || fcntl(STDERR_FILENO, F_SETFL, 0) != 0) fail(pipe, "stderr");
    if (setsid() < 0) fail(pipe, "setsid");
    set_limit(pipe, RLIMIT_CORE, 0, "limit_core");
    // Data, not address space: a VM's process reserves far more addresses than it uses.
    if (plan.rlimits && plan.memory_bytes != 0) set_limit(pipe, RLIMIT_DATA, plan.memory_bytes, "limit_memory");
    if (plan.rlimits && plan.max_processes != 0) set_limit(pipe, RLIMIT_NPROC, plan.max_processes, "limit_processes");
    if (setgroups(0, nullptr) != 0) fail(pipe, "setgroups");
    if (setresgid(plan.gid, plan.gid, plan.gid) != 0) fail(pipe, "setgid");
    if (setresuid(plan.uid, plan.uid, plan.uid) != 0) fail(pipe, "setuid");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(pipe, "no_new_privs");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) fail(pipe, "ambient");
    umask(kUnitUmask);
    if (chdir("/") != 0) fail(pipe, "chdir");
    for (int i = 0; i < plan.fd_count; ++i) {
        if (dup2(kFirstUnitFd + i, 3 + i) < 0) fail(pipe, "descriptor");
    }
    if (syscall(SYS_close_range, 3 + plan.fd_count, pipe - 1, 0) != 0) fail(pipe, "close");
    if (syscall(SYS_close_range, pipe + 1, ~0U, 0) != 0) fail(pipe, "close");
    for (int i = 1; i < NSIG; ++i) std::signal(i, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
    char* const environment[] = {path, lang, nullptr};
    execve(plan.program[0], plan.program, environment);
    fail(pipe, "exec");
}

void drop_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2] = {};
    syscall(SYS_capset, &header, none);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void record_end(const char* unit, RunRecord record, const siginfo_t& end) {
    record.running = false;
    record.since = static_cast<std::int64_t>(std::time(nullptr));
    if (end.si_code == CLD_EXITED) {
        record.exit_code = end.si_status;
    } else {
        record.signal = end.si_status;
    }
    write_run_record(kStateDirFd, unit, record);
}

void ignore_session_signals() {
    for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGTSTP}) std::signal(number, SIG_IGN);
}

// The unit's process, which waits at a gate until its record is on disk: a process that nobody would find again never
// runs the program.
struct Waiting {
    pid_t pid = -1;
    int gate = -1;    // one byte lets it go; closing it ends it
    int errors = -1;  // fail()'s line, or nothing once the program runs
};

bool fork_waiting(const Plan& plan, LastWords& words, Waiting& out) {
    int gate[2], errors[2];
    if (!words.open() || pipe2(gate, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0) return false;
    // Above every descriptor of the unit, which dup2() would overwrite.
    const int end = fcntl(errors[1], F_DUPFD_CLOEXEC, kFirstUnitFd + plan.fd_count + 1);
    close(errors[1]);
    if (end < 0) return false;
    const pid_t pid = fork();
    if (pid == 0) {
        close(gate[1]);
        char go;
        if (read(gate[0], &go, 1) != 1) _exit(125);
        become_unit(plan, end, words.writer());
    }
    close(end);
    close(gate[0]);
    words.started();
    out = {pid, gate[1], errors[0]};
    return pid > 0;
}

RunRecord record_of(pid_t pid) {
    RunRecord record;
    record.running = true;
    read_boot_id(record.boot_id);
    record.pid = pid;
    record.start_time = process_stat(pid).start_time;
    record.supervisor = getpid();
    record.supervisor_start = process_stat(getpid()).start_time;
    record.since = static_cast<std::int64_t>(std::time(nullptr));
    return record;
}

// The report's line in `line`; true if there is a process to wait for.
bool start_unit(const Plan& plan, LastWords& words, RunRecord& record, char* line, std::size_t size) {
    Waiting unit;
    if (!fork_waiting(plan, words, unit)) {
        std::snprintf(line, size, "error fork %d\n", errno);
        return false;
    }
    record = record_of(unit.pid);
    const bool recorded = write_run_record(kStateDirFd, plan.unit, record);
    if (!recorded) std::snprintf(line, size, "error record %d\n", errno);
    const bool gone = recorded && write(unit.gate, "g", 1) == 1;
    close(unit.gate);
    const ssize_t count = gone ? read(unit.errors, line, size - 1) : 0;
    close(unit.errors);
    if (count > 0) line[count] = '\0';
    if (gone && count == 0) std::snprintf(line, size, "ok %ld\n", static_cast<long>(unit.pid));
    return true;
}

bool wait_for_end(pid_t pid, LastWords& words, siginfo_t& end) {
    const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (process < 0) return false;
    pollfd fds[2] = {{process, POLLIN, 0}, {words.reader(), POLLIN, 0}};
    while (fds[0].revents == 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) return false;
        words.listen();
        if ((fds[1].revents & POLLHUP) != 0) fds[1].fd = -1;  // the unit closed it
    }
    close(process);
    return waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOWAIT) == 0;
}

}  // namespace

int main(int argc, char** argv) {
    Plan plan;
    if (!read_plan(argc, argv, plan)) return 2;
    // Away from the launcher: a new session, and init as the parent.
    const pid_t self = fork();
    if (self != 0) return self < 0 ? 3 : 0;
    setsid();
    ignore_session_signals();

    char line[96] = "error start 0\n";
    RunRecord record;
    LastWords words;
    const bool started = start_unit(plan, words, record, line, sizeof line);
    drop_capabilities();
    // A launcher that is gone meanwhile finds the record.
    const ssize_t told = write(kReportFd, line, std::strlen(line));
    if (!started) return told < 0 ? 5 : 4;
    close(kReportFd);
    // The unit's descriptors are the unit's: a tap that stays open here would outlive it.
    for (int i = 0; i < plan.fd_count; ++i) close(kFirstUnitFd + i);
    // The zombie stays until its end is on disk, so that "pid gone but recorded as running" means a lost supervisor.
    siginfo_t end{};
    if (!wait_for_end(record.pid, words, end)) return 5;
    words.write_to(plan.unit);
    record_end(plan.unit, record, end);
    waitpid(record.pid, nullptr, 0);
    return 0;
}
