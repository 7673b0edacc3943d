#include "kernel/worker/worker.hpp"

#include <algorithm>

namespace bh::worker {
namespace {

constexpr std::uint64_t kNanosecondsPerMs = 1'000'000;
constexpr std::size_t kMaxDenied = 64;

std::uint64_t after(std::chrono::milliseconds span) {
    return monotonic_ns() + static_cast<std::uint64_t>(span.count()) * kNanosecondsPerMs;
}

// The kernel as the caller of verbs.
struct VerbSide {
    static Worker& worker(const bh_instance* self) {
        return *const_cast<Worker*>(reinterpret_cast<const Worker*>(self));
    }
    static Worker& worker(const bh_kernel* handle) { return *static_cast<Worker*>(handle->ctx); }
    template <class Self>
    static bh_status run(Self self, const Exchange& exchange) noexcept {
        return worker(self).run(exchange);
    }
};

template <class... Table>
const void* find_table(std::string_view id, Tables<Table...>) noexcept {
    const void* found = nullptr;
    const auto look = [&]<class T>(const char* name) {
        static constexpr T table = table_of_stubs<VerbSide, T>();
        if (id == name) found = &table;
    };
    (look.template operator()<Table>(Rows<Table>::id), ...);
    return found;
}

const void* query(const char* id) noexcept { return find_table(id, Interfaces{}); }
// The process makes and destroys its instance itself.
bh_status no_create(const bh_kernel*, bh_str, bh_instance**, bh_error* err) noexcept {
    return report(err, BH_E_UNSUPPORTED, "worker", "a worker makes its instance by itself");
}
void no_destroy(bh_instance*) noexcept {}

constexpr bh_plugin make_proxy() {
    bh_plugin plugin = table_of_stubs<VerbSide, bh_plugin>();
    plugin.abi_minor = BH_ABI_MINOR;
    plugin.abi_draft = BH_ABI_DRAFT;
    plugin.create = no_create;
    plugin.destroy = no_destroy;
    plugin.query = query;
    return plugin;
}
constexpr bh_plugin kProxy = make_proxy();

}  // namespace

Worker::Worker(Greeting greeting, int plugin_fd, const bh_kernel* services, Starter& starter, Say say,
               Patience patience)
    : greeting_{std::move(greeting)},
      plugin_fd_{plugin_fd},
      services_{services},
      starter_{starter},
      say_{std::move(say)},
      patience_{patience} {
    handle_.struct_size = sizeof handle_;
    handle_.abi_minor = BH_ABI_MINOR;
    handle_.ctx = this;
    handle_.instance = view(greeting_.instance);
    handle_.service = [](const bh_kernel*, const char*) noexcept -> const void* { return nullptr; };
}

Worker::~Worker() {
    std::shared_ptr<Process> last;
    {
        const std::scoped_lock lock{mutex_};
        last = std::move(process_);
    }
    if (last) last->dismiss(after(patience_.grace));
}

const bh_plugin* Worker::plugin() const noexcept { return &kProxy; }

// Called without mutex_ by one thread at a time.
Status Worker::start_locked() {
    auto made = Process::start(greeting_, plugin_fd_, services_, starter_, after(patience_.start),
                               [this](Process& process) { account(process, {}); });
    if (!made) return made.failure();
    std::shared_ptr<Process> old;  // its end is waited for after the lock is free again
    const std::scoped_lock lock{mutex_};
    old = std::exchange(process_, std::move(*made));
    failed_starts_ = 0;
    return {};
}

Status Worker::start() {
    const std::scoped_lock one{starting_};
    return start_locked();
}

void Worker::note_end(const std::string& why, bool counts) {
    const std::scoped_lock lock{mutex_};
    const std::uint64_t now = monotonic_ns();
    if (counts) ends_.push_back(now);
    const auto window = static_cast<std::uint64_t>(patience_.within.count()) * kNanosecondsPerMs;
    while (!ends_.empty() && now - ends_.front() > window) ends_.pop_front();
    const auto pause = std::min<std::int64_t>(
        patience_.first_pause.count() << std::min<std::size_t>(std::max(ends_.size(), failed_starts_) - 1, 20),
        patience_.longest_pause.count());
    not_before_ = now + static_cast<std::uint64_t>(pause) * kNanosecondsPerMs;
    last_end_ = why;
    poisoned_ = poisoned_ || ends_.size() >= patience_.ends;
}

void Worker::collect_denied(const Process& process) {
    const auto fresh = process.denied();
    const std::scoped_lock lock{mutex_};
    for (const auto& name : fresh) {
        if (denied_.size() < kMaxDenied) denied_.insert(name);
    }
}

void Worker::note_blocked(std::string_view member, std::uint32_t ms) {
    if (ms > 0 && blocked_.note(member, ms)) say_(BH_LOG_WARN, blocked_text(member, ms));
}

void Worker::account(Process& process, std::string_view verb) {
    if (!process.claim_end()) return;
    std::string why = "the worker of instance " + greeting_.instance + " " + process.why_ended();
    if (!verb.empty()) why += " while it ran " + std::string{verb};
    note_end(why, true);
    collect_denied(process);
    bool poisoned = false;
    {
        const std::scoped_lock lock{mutex_};
        poisoned = poisoned_;
    }
    say_(BH_LOG_ERROR, why + (poisoned ? "; that was too often: the instance is poisoned" : "; it is started again"));
}

Result<std::shared_ptr<Process>> Worker::ready() {
    const auto look = [&]() -> Result<std::shared_ptr<Process>> {
        const std::scoped_lock lock{mutex_};
        if (poisoned_) {
            return Failure{BH_E_DENIED, "plugin_poisoned",
                           "the plugin of instance " + greeting_.instance + " failed " + std::to_string(ends_.size()) +
                               " times in a short time, last: " + last_end_ +
                               "; look at its log, then: blockhost plugin unpark " + greeting_.instance};
        }
        if (process_ && !process_->ended()) return process_;
        const std::uint64_t now = monotonic_ns();
        if (now < not_before_) {
            return Failure{
                BH_E_UNAVAILABLE, "worker_waits",
                last_end_.empty() ? "the worker of instance " + greeting_.instance + " is being started" : last_end_,
                static_cast<std::uint32_t>((not_before_ - now) / kNanosecondsPerMs + 1)};
        }
        return std::shared_ptr<Process>{};
    };
    auto found = look();
    if (!found || *found) return found;
    const std::scoped_lock one{starting_};
    found = look();
    if (!found || *found) return found;
    std::shared_ptr<Process> old;
    {
        const std::scoped_lock lock{mutex_};
        old = process_;
    }
    if (old) {
        // Its end is known here first, and may still be under way: it must not hit the next one.
        old->end({});
        account(*old, {});
    }
    if (found = look(); !found) return found;
    if (auto started = start_locked(); !started) {
        {
            const std::scoped_lock lock{mutex_};
            ++failed_starts_;
        }
        // What the backend or the launcher can mend is no crash of the plugin.
        note_end("the worker of instance " + greeting_.instance + " can't be started: " + started.failure().message,
                 started.failure().reason == "worker_failed");
        say_(BH_LOG_ERROR, "its worker can't be started: " + started.failure().message);
        return Failure{BH_E_UNAVAILABLE, "worker_failed", started.failure().message};
    }
    say_(BH_LOG_INFO, "its worker was started again");
    return look();
}

Deadlines Worker::deadlines_of(const Exchange& exchange) const {
    if (exchange.call == nullptr) return {0, after(patience_.read)};
    const std::uint64_t deadline = exchange.call->deadline_ns;
    if (deadline == 0) return {0, after(patience_.call)};
    // A deadline that has passed already leaves the grace from now on.
    const auto grace = static_cast<std::uint64_t>(patience_.grace.count()) * kNanosecondsPerMs;
    return {deadline, std::max(deadline, monotonic_ns()) + grace};
}

bh_status Worker::run(const Exchange& exchange) noexcept {
    try {
        auto process = ready();
        if (!process) {
            const auto& failure = process.failure();
            return report(exchange.err, failure.code, failure.reason, failure.message, failure.retry_after_ms);
        }
        Outcome outcome;
        const End end = (*process)->call(exchange, deadlines_of(exchange), outcome);
        if (end == End::kReply) {
            note_blocked(exchange.name, outcome.blocked.verb_ms);
            note_blocked(kQueryName, outcome.blocked.query_ms);
            return outcome.status;
        }
        if (end == End::kRefused) {
            if ((*process)->ended()) account(**process, {});
            return report(exchange.err, BH_E_UNAVAILABLE, "worker_busy",
                          "the worker of instance " + greeting_.instance + " ended just now, or is busy", 1000);
        }
        if (end == End::kOverdue) (*process)->end("was overdue and killed");
        if (end == End::kGarbage) (*process)->end("said something that is no protocol and was killed");
        const std::string why = (*process)->why_ended();
        (*process)->end(why);
        account(**process, exchange.name);
        const std::string message =
            "the worker of instance " + greeting_.instance + " " + why + " while it ran " + std::string{exchange.name};
        if (exchange.call != nullptr) return report(exchange.err, BH_E_UNKNOWN_OUTCOME, "worker_ended", message);
        return report(exchange.err, BH_E_UNAVAILABLE, "worker_ended", message, 1000);
    } catch (const std::exception& error) {
        return report(exchange.err, BH_E_INTERNAL, "exception", error.what());
    }
}

bool Worker::forgive() {
    const std::scoped_lock lock{mutex_};
    ends_.clear();
    not_before_ = 0;
    return std::exchange(poisoned_, false);
}

Worker::State Worker::state() {
    std::shared_ptr<Process> process;
    {
        const std::scoped_lock lock{mutex_};
        process = process_;
    }
    if (process) collect_denied(*process);
    const std::scoped_lock lock{mutex_};
    State state;
    const bool running = process_ && !process_->ended();
    state.word = poisoned_ ? "poisoned" : running ? "running" : "waiting";
    if (process_) {
        state.pid = running ? process_->started().pid : 0;
        state.limits = process_->started().limits;
        state.limits_why = process_->started().why;
        state.sandbox = process_->sandbox();
    }
    state.ends = ends_.size();
    state.last_end = last_end_;
    state.denied = {denied_.begin(), denied_.end()};
    state.blocked = blocked_.rows();
    return state;
}

}  // namespace bh::worker
