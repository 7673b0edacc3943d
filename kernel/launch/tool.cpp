#include "kernel/launch/tool.hpp"

#include "kernel/launch/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace bh::launch {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    Fd reader, writer;
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
        reader = Fd{ends[0]};
        writer = Fd{ends[1]};
    }
};

// Streams of a running tool. Each end is closed when it is through.
class Streams {
public:
    explicit Streams(const Bytes& input) : input_{input} {}

    bool open() const { return in.writer.valid() && out.reader.valid() && err.reader.valid(); }

    // The child's ends must block as a program expects.
    std::vector<int> child_ends() const {
        for (const int fd : {in.reader.get(), out.writer.get(), err.writer.get()}) ::fcntl(fd, F_SETFL, 0);
        return {in.reader.get(), out.writer.get(), err.writer.get()};
    }
    void started() {
        in.reader.reset();
        out.writer.reset();
        err.writer.reset();
        if (input_.empty()) in.writer.reset();
    }

    void move() {
        feed();
        drain(out.reader, output);
        drain(err.reader, errors);
    }

    Pipe in, out, err;
    Bytes output, errors;

private:
    void feed() {
        while (in.writer.valid() && fed_ < input_.size()) {
            const ssize_t count = ::write(in.writer.get(), input_.data() + fed_, input_.size() - fed_);
            if (count < 0) {
                if (errno != EAGAIN) in.writer.reset();
                return;
            }
            fed_ += static_cast<std::size_t>(count);
        }
        in.writer.reset();
    }
    static void drain(Fd& from, Bytes& into) {
        std::array<std::uint8_t, 16384> buffer;
        while (from.valid()) {
            const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
            if (count < 0 && errno == EAGAIN) return;
            if (count <= 0) return from.reset();
            const std::size_t room = std::min(kMaxToolOutput - into.size(), static_cast<std::size_t>(count));
            into.insert(into.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(room));
        }
    }

    const Bytes& input_;
    std::size_t fed_ = 0;
};

int milliseconds_until(Clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60000));
}

// Until the process has ended (true) or the deadline has passed (false).
bool attend(Streams& streams, int process, Clock::time_point deadline) {
    for (;;) {
        std::array<pollfd, 4> fds{pollfd{process, POLLIN, 0}, pollfd{streams.in.writer.get(), POLLOUT, 0},
                                  pollfd{streams.out.reader.get(), POLLIN, 0},
                                  pollfd{streams.err.reader.get(), POLLIN, 0}};
        ::poll(fds.data(), fds.size(), milliseconds_until(deadline));
        streams.move();
        if (fds[0].revents != 0) return true;
        if (Clock::now() >= deadline) return false;
    }
}

}  // namespace

Result<RunResult> run_tool(const ToolRun& run) {
    Streams streams{run.input};
    if (!streams.open()) return Failure{BH_E_UNAVAILABLE, "descriptors", "no descriptors left for a pipe", 1000};
    Child child;
    child.program = run.program;
    child.args = run.args;
    child.fds = streams.child_ends();
    child.drop_to = true;
    child.uid = run.uid;
    child.gid = run.gid;
    const auto pid = start_child(child);
    if (!pid) return pid.failure();
    streams.started();
    const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0))};
    const bool ended = process.valid() && attend(streams, process.get(), run.deadline);
    // Its session, so that nothing it started stays; it is not reaped yet, so the number is still its own.
    ::kill(-*pid, SIGKILL);
    int status = 0;
    ::waitpid(*pid, &status, 0);
    if (!ended) {
        return Failure{BH_E_UNKNOWN_OUTCOME, "killed_at_deadline", run.name + " was killed at its deadline"};
    }
    streams.move();
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return RunResult{code, std::move(streams.output), std::move(streams.errors)};
}

}  // namespace bh::launch
