#include "kernel/worker/process.hpp"

#include "kernel/worker/report.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

namespace bh::worker {
namespace {

constexpr std::size_t kMaxLines = 32;
// How long the word of why a worker ended may follow its end; a busy machine needs more than half a second.
constexpr std::chrono::milliseconds kReportWait{3000};
constexpr std::uint64_t kReportPatience = 3'000'000'000;

Failure no_sockets() { return {BH_E_UNAVAILABLE, "descriptors", "no descriptors left for a worker", 1000}; }

std::string words_of(int status) {
    if (WIFSIGNALED(status)) {
        const std::string number = std::to_string(WTERMSIG(status));
        return "was killed by signal " + number +
               (WTERMSIG(status) == SIGKILL ? " (its memory limit, or somebody's kill)" : "");
    }
    return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Process::Process(std::string instance, const bh_kernel* services, Starter& starter,
                 std::function<void(Process&)> on_end)
    : instance_{std::move(instance)}, services_{services}, starter_{starter}, on_end_{std::move(on_end)} {}

Result<std::shared_ptr<Process>> Process::start(const Greeting& greeting, int plugin_fd, const bh_kernel* services,
                                                Starter& starter, std::uint64_t deadline_ns,
                                                std::function<void(Process&)> on_end) {
    std::shared_ptr<Process> process{new Process{greeting.instance, services, starter, std::move(on_end)}};
    auto control = make_stream_pair(), report = make_packet_pair();
    process->wake_ = Fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!control || !report || !process->wake_.valid()) return no_sockets();
    process->control_ = std::make_unique<Line>(Channel{std::move(control->mine)}, Fd{}, services);
    std::vector<Fd> theirs;
    for (std::size_t i = 0; i < kBackground; ++i) {
        auto background = make_stream_pair();
        if (!background) return no_sockets();
        process->background_.push_back(std::make_unique<Line>(Channel{std::move(background->mine)}, Fd{}, services));
        theirs.push_back(std::move(background->theirs));
    }
    process->report_ = std::move(report->mine);
    auto started = starter.start(greeting.instance, control->theirs.get(), report->theirs.get(), plugin_fd);
    if (!started) return started.failure();
    process->started_ = std::move(*started);
    control->theirs.reset();
    report->theirs.reset();
    process->watcher_ = std::thread{[raw = process.get()] { raw->watch(); }};
    for (const auto& line : process->background_)
        process->servers_.emplace_back(
            [raw = process.get(), background = line.get()] { raw->serve_background(*background); });

    Writer out;
    out.begin(Kind::kStart, 0);
    out.number(kProtocol);
    for (const auto* text : {&greeting.instance, &greeting.plugin, &greeting.kernel_version, &greeting.config})
        out.text(*text);
    for (const auto* list : {&greeting.interfaces, &greeting.services}) {
        out.number(static_cast<std::uint32_t>(list->size()));
        for (const auto& text : *list) out.text(text);
    }
    out.number(greeting.log_level);
    bh_error error{};
    error.struct_size = sizeof error;
    bh_status status = BH_E_INTERNAL;
    std::vector<int> fds;
    for (const Fd& fd : theirs) fds.push_back(fd.get());
    const End end = process->control_->start(out, fds, deadline_ns, &error, status);
    if (end != End::kReply) {
        if (end == End::kOverdue) process->end("did not make its instance in time");
        if (end == End::kGarbage) process->end("said something that is no protocol");
        return Failure{BH_E_UNAVAILABLE, "worker_failed",
                       "the worker of instance " + greeting.instance + " " + process->why_ended()};
    }
    if (status != BH_OK) {
        Failure failure{status, error.reason, error.message, error.retry_after_ms};
        if (failure.message.empty()) failure.message = "the plugin gave no reason";
        return failure;
    }
    const std::scoped_lock lock{process->mutex_};
    process->wanted_ = true;
    return process;
}

Process::~Process() {
    {
        const std::scoped_lock lock{mutex_};
        wanted_ = false;
    }
    end("was not needed any more");
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
    if (watcher_.joinable()) watcher_.join();
    for (std::thread& server : servers_) server.join();
}

bool Process::ended() const {
    const std::scoped_lock lock{mutex_};
    return ended_;
}

std::set<std::string> Process::denied() const {
    const std::scoped_lock lock{mutex_};
    return denied_;
}

std::string Process::sandbox() const {
    const std::scoped_lock lock{mutex_};
    return sandbox_;
}

void Process::end(const std::string& why) {
    std::unique_lock lock{mutex_};
    if (why_.empty()) why_ = why;
    if (ended_) {
        // By another thread, which may still be about to end it: who starts the next one must not come before.
        changed_.wait(lock, [&] { return gone_; });
        return;
    }
    ended_ = true;
    for (const auto& line : lines_) line->cut();
    if (control_) control_->cut();
    changed_.notify_all();
    lock.unlock();
    // What can't be ended now is ended before the next start of this instance.
    (void)starter_.end(instance_);
    lock.lock();
    gone_ = true;
    changed_.notify_all();
}

std::string Process::why_ended() {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, kReportWait, [&] { return reported_ || !why_.empty(); });
    return why_.empty() ? "ended without a word" : why_;
}

bool Process::read_report() {
    Report report;
    const ssize_t size = ::recv(report_.get(), &report, sizeof report, MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    const std::scoped_lock lock{mutex_};
    if (size != sizeof report) {
        reported_ = true;
        changed_.notify_all();
        return false;
    }
    const std::string text = clean({report.text, ::strnlen(report.text, sizeof report.text)});
    switch (report.kind) {
        case Report::Kind::kSandbox:
            sandbox_ = text;
            break;
        case Report::Kind::kDenied:
            denied_.insert(text);
            break;
        case Report::Kind::kEnded:
            if (why_.empty()) why_ = words_of(static_cast<int>(report.value));
            reported_ = true;
            break;
        case Report::Kind::kFailed:
            why_ = "could not be put into its sandbox: " + text + " (" + std::strerror(static_cast<int>(report.value)) +
                   ")";
            reported_ = true;
            break;
    }
    changed_.notify_all();
    return true;
}

void Process::watch() {
    bool background = true;
    std::uint64_t patience = 0;  // until the report that must follow a closed channel
    for (bool over = false; !over;) {
        // Of a background channel only that its other end is closed; one stands for all.
        pollfd fds[3] = {
            {wake_.get(), POLLIN, 0}, {report_.get(), POLLIN, 0}, {background ? background_[0]->fd() : -1, 0, 0}};
        const int ready = ::poll(fds, 3, poll_timeout(patience));
        if (ready < 0 && errno != EINTR) break;
        if (fds[0].revents != 0) return;
        if (fds[1].revents != 0) over = !read_report();
        if (fds[2].revents != 0) {
            background = false;
            patience = monotonic_ns() + kReportPatience;
        }
        if (patience != 0 && monotonic_ns() >= patience) over = true;
        const std::scoped_lock lock{mutex_};
        over = over || reported_;
    }
    end("closed its channels");
    bool wanted = false;
    {
        const std::scoped_lock lock{mutex_};
        wanted = wanted_;
    }
    if (wanted) on_end_(*this);
}

void Process::serve_background(Line& line) {
    for (;;) {
        pollfd fds[2] = {{wake_.get(), POLLIN, 0}, {line.fd(), POLLIN, 0}};
        if (::poll(fds, 2, -1) < 0 && errno != EINTR) return;
        if (fds[0].revents != 0) return;
        if (fds[1].revents == 0) continue;
        const End said = line.serve_pending();
        if (said == End::kReply) continue;
        if (said == End::kGarbage) end("said something that is no protocol");
        for (const auto& each : background_) each->cut();  // the watching thread sees that
        return;
    }
}

bool Process::claim_end() noexcept { return !claimed_.exchange(true); }

void Process::dismiss(std::uint64_t deadline_ns) {
    std::unique_lock lock{mutex_};
    wanted_ = false;
    if (!ended_) control_->cut();
    while (!reported_ && !ended_ && monotonic_ns() < deadline_ns)
        changed_.wait_for(lock, std::chrono::milliseconds{poll_timeout(deadline_ns)});
    lock.unlock();
    end("was dismissed");
}

std::unique_ptr<Line> Process::open_line(std::uint64_t deadline_ns) {
    auto stream = make_stream_pair(), stop = make_packet_pair();
    if (!stream || !stop) return nullptr;
    Writer out;
    out.begin(Kind::kChannel, 0);
    const int fds[2] = {stream->theirs.get(), stop->theirs.get()};
    if (!control_->send(out, fds, deadline_ns)) return nullptr;
    return std::make_unique<Line>(Channel{std::move(stream->mine)}, std::move(stop->mine), services_);
}

// A free channel, or one more; null when the process has ended.
Line* Process::take(std::uint64_t deadline_ns) {
    std::unique_lock lock{mutex_};
    for (;;) {
        if (ended_) return nullptr;
        if (!free_.empty()) {
            Line* line = free_.back();
            free_.pop_back();
            return line;
        }
        if (lines_.size() < kMaxLines) {
            auto line = open_line(deadline_ns);
            if (!line) return nullptr;
            lines_.push_back(std::move(line));
            return lines_.back().get();
        }
        if (monotonic_ns() >= deadline_ns) return nullptr;
        changed_.wait_for(lock, std::chrono::milliseconds{poll_timeout(deadline_ns)});
    }
}

void Process::give_back(Line* line) {
    {
        const std::scoped_lock lock{mutex_};
        free_.push_back(line);
    }
    changed_.notify_one();
}

End Process::call(const Exchange& exchange, Deadlines deadlines, Outcome& outcome) {
    Line* line = take(deadlines.hard_ns);
    if (line == nullptr) return End::kRefused;
    const End end = line->call(exchange, deadlines, outcome);
    // A conversation that did not come to its end leaves the channel in an unknown state; the process ends anyway.
    if (end == End::kReply) give_back(line);
    return end;
}

}  // namespace bh::worker
