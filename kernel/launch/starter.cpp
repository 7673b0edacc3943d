#include "kernel/launch/starter.hpp"

#include "kernel/launch/child.hpp"
#include "kernel/launch/fields.hpp"
#include "kernel/launch/plan.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace bh::launch {
namespace {

constexpr auto kReportTime = std::chrono::seconds{20};

// The supervisor's line, or "" when none came in time.
std::string report_line(int pipe) {
    std::string line;
    const auto deadline = std::chrono::steady_clock::now() + kReportTime;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd fd{pipe, POLLIN, 0};
        if (left.count() <= 0 || (::poll(&fd, 1, static_cast<int>(left.count())) <= 0 && errno != EINTR)) return {};
        char buffer[128];
        const ssize_t count = ::read(pipe, buffer, sizeof buffer);
        if (count <= 0) return line;
        line.append(buffer, static_cast<std::size_t>(count));
        if (line.ends_with('\n')) return line;
    }
}

Status outcome(const std::string& line, const std::string& program) {
    if (line.starts_with("ok ")) return {};
    Fields fields{line};
    const bool reported = fields.next() == "error";
    const std::string step{fields.next()};
    int error = 0;
    if (!reported || !fields.next(error)) {
        return Failure{BH_E_UNKNOWN_OUTCOME, "no_report", "the supervisor of " + program + " gave no word", 1000};
    }
    const bool cannot_exec = step == "exec";
    return Failure{cannot_exec ? BH_E_INVALID : BH_E_UNAVAILABLE, "unit_start",
                   program + ": cannot start it, step " + step + ": " + std::strerror(error), 1000};
}

}  // namespace

Status start_unit(const UnitStart& start) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Failure{BH_E_UNAVAILABLE, "descriptors", "no descriptors left", 1000};
    const Fd reader{ends[0]};
    Fd writer{ends[1]};

    Child child;
    child.program = start.supervisor;
    child.args = {start.unit,
                  std::to_string(start.uid),
                  std::to_string(start.gid),
                  start.limits,
                  std::to_string(start.spec->memory_bytes),
                  std::to_string(start.spec->max_processes),
                  std::to_string(start.fds.size()),
                  start.program};
    child.args.insert(child.args.end(), start.spec->args.begin(), start.spec->args.end());
    static_assert(kReportFd == 3 && kStateDirFd == 4 && kLockFd == 5 && kFirstUnitFd == 6);
    child.fds = {-1, -1, -1, writer.get(), start.state_directory, start.lock};
    child.fds.insert(child.fds.end(), start.fds.begin(), start.fds.end());
    for (const Fd& door : start.doors) child.doors.push_back(door.get());

    const auto pid = start_child(child);
    writer.reset();
    if (!pid) return pid.failure();
    const std::string line = report_line(reader.get());
    int status = 0;
    ::waitpid(*pid, &status, 0);  // only the first of the two forks: it ends at once
    if (line.empty() && WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        return Failure{BH_E_UNAVAILABLE, "supervisor",
                       start.supervisor + " can't be run: is it installed beside the launcher?", 1000};
    }
    return outcome(line, start.program);
}

}  // namespace bh::launch
