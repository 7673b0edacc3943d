#include "kernel/worker/line.hpp"

#include "kernel/worker/context.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

namespace bh::worker {
namespace {

// The kernel as the callee: services, and the running call's own callbacks.
struct KernelSide {
    struct Context {
        const bh_kernel* services;
        const bh_call* call;
    };
    template <class Table>
    static std::pair<const Table*, const void*> target(Context& context) {
        if constexpr (std::is_same_v<Table, bh_call>) {
            return {context.call, context.call};
        } else {
            return {static_cast<const Table*>(context.services->service(context.services, Rows<Table>::id)),
                    context.services};
        }
    }
    static const bh_call* running(CalleeSide& side, Reader&) { return static_cast<const Context*>(side.context)->call; }
};

using Asked = Tables<bh_call, bh_svc_log, bh_svc_store, bh_svc_secrets, bh_svc_signer, bh_svc_launch, bh_svc_connect,
                     bh_svc_chain, bh_svc_wake>;
constexpr auto kHandlers = handlers_of<KernelSide>(Asked{});
constexpr auto kNames = names_of(Asked{});

// What a service refuses it logs by itself; this one was not even there.
void log_refusal(const bh_kernel* services, std::uint16_t number) {
    const std::string words = "was refused \"" + std::string{kNames[number]} + "\" (not_granted)";
    const auto* log = static_cast<const bh_svc_log*>(services->service(services, BH_SVC_LOG));
    if (log != nullptr) log->write(services, BH_LOG_WARN, {nullptr, 0}, view(words));
}

}  // namespace

std::string clean(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
        bool good = length != 0 && i + length <= text.size() && lead >= 0x20 && lead != 0x7f && lead != 0xc0 &&
                    lead != 0xc1 && lead < 0xf5;
        for (std::size_t j = 1; good && j < length; ++j)
            good = (static_cast<unsigned char>(text[i + j]) & 0xc0) == 0x80;
        // Overlong forms and surrogates, which a JSON writer refuses.
        if (good && length > 2) {
            const auto second = static_cast<unsigned char>(text[i + 1]);
            good = !(lead == 0xe0 && second < 0xa0) && !(lead == 0xed && second > 0x9f) &&
                   !(lead == 0xf0 && second < 0x90) && !(lead == 0xf4 && second > 0x8f);
        }
        if (good)
            out.append(text.substr(i, length));
        else
            out.push_back(lead == '\n' || lead == '\t' ? ' ' : '?');
        i += good ? length : 1;
    }
    return out;
}

void Line::cut() noexcept { ::shutdown(channel_.fd(), SHUT_RDWR); }

void Line::tell_to_stop(std::uint32_t reason) noexcept {
    const Stop stop{calls_, reason};
    // A worker that does not take it is overdue soon enough.
    if (stop_.valid()) (void)::send(stop_.get(), &stop, sizeof stop, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Until something can be read. `told`: the worker knows already that it shall stop.
End Line::wait(const bh_call* call, Deadlines deadlines, bool& told) {
    const bool can_stop = call != nullptr && !told;
    pollfd fds[2] = {{channel_.fd(), POLLIN, 0}, {can_stop ? call->cancel_fd : -1, POLLIN, 0}};
    const std::uint64_t next =
        can_stop && deadlines.soft_ns != 0 ? std::min(deadlines.soft_ns, deadlines.hard_ns) : deadlines.hard_ns;
    const int ready = ::poll(fds, 2, channel_.soon() ? 0 : poll_timeout(next));
    if (ready < 0 && errno != EINTR) return End::kGone;
    const std::uint64_t now = monotonic_ns();
    if (can_stop && (fds[1].revents & POLLIN) != 0 && call->cancelled(call) != 0) {
        tell_to_stop(call->cancel_reason(call));
        told = true;
    } else if (can_stop && deadlines.soft_ns != 0 && now >= deadlines.soft_ns) {
        tell_to_stop(BH_CANCEL_DEADLINE);
        told = true;
    }
    // Also with something to read: a worker that talks without end is overdue all the same.
    return now >= deadlines.hard_ns ? End::kOverdue : End::kReply;
}

bool Line::serve(const Frame& frame, const bh_call* call, std::uint64_t hard_ns) {
    if (frame.kind != Kind::kRequest && frame.kind != Kind::kEvent) return false;
    if (frame.number >= kMaxRows || kHandlers[frame.number] == nullptr) return false;
    KernelSide::Context context{services_, call};
    CalleeSide side{&channel_.fds(), KernelSide::running, &context};
    Reader in{frame.payload};
    answer_.begin(Kind::kAnswer, frame.number);
    const Handled handled = kHandlers[frame.number](context, side, in, answer_);
    if (handled == Handled::kGarbage) return false;
    if (frame.kind == Kind::kEvent) {
        std::this_thread::sleep_for(std::chrono::nanoseconds{pace_.wait_ns(monotonic_ns())});
        return true;
    }
    if (handled == Handled::kNotOffered) {
        answer_.begin(Kind::kAnswer, frame.number);
        answer_.number(bh_status{BH_E_DENIED});
        answer_.number(std::uint32_t{0});
        answer_.text("not_granted");
        answer_.text("this service is not granted to the instance, or no verb runs");
        log_refusal(services_, frame.number);
    }
    std::vector<int> fds;
    fds.reserve(side.fds.size());
    for (const Fd& fd : side.fds) fds.push_back(fd.get());
    const bool sent = channel_.send(answer_, fds, hard_ns);
    if (side.secret) {
        const auto bytes = answer_.frame();
        ::explicit_bzero(bytes.data(), bytes.size());
    }
    return sent;
}

End Line::converse(Kind end, std::uint16_t number, const bh_call* call, Deadlines deadlines, Frame& frame) {
    bool told = false;
    for (;;) {
        if (buffer_.begin == buffer_.end) {
            if (const End end_now = wait(call, deadlines, told); end_now != End::kReply) return end_now;
        }
        switch (channel_.receive(buffer_, frame, false)) {
            case Got::kGone:
                return End::kGone;
            case Got::kGarbage:
                return End::kGarbage;
            case Got::kNothingYet:
                if (const End end_now = wait(call, deadlines, told); end_now != End::kReply) return end_now;
                continue;
            case Got::kFrame:
                break;
        }
        if (frame.kind == end) return frame.number == number ? End::kReply : End::kGarbage;
        if (!serve(frame, call, deadlines.hard_ns)) return End::kGarbage;
        if (monotonic_ns() >= deadlines.hard_ns) return End::kOverdue;
    }
}

End Line::call(const Exchange& exchange, Deadlines deadlines, Outcome& outcome) {
    CallerSide side{out_, {}, put_call, &channel_.fds()};
    out_.begin(Kind::kCall, exchange.number);
    out_.number(++calls_);
    exchange.put(side);
    if (out_.too_large()) {
        outcome = {report(exchange.err, BH_E_INVALID, "too_large", "the arguments are larger than 2 MiB"), true};
        return End::kReply;
    }
    if (!channel_.send(out_, side.fds, deadlines.hard_ns)) return End::kGone;
    Frame frame;
    const End end = converse(Kind::kReply, exchange.number, exchange.call, deadlines, frame);
    if (end != End::kReply) return end;
    Reader in{frame.payload};
    const auto blocked = in.number<BlockedWords>();
    if (blocked.verb_ms != 0 && !kNoBlockRows[exchange.number]) return End::kGarbage;
    outcome = read_outcome(exchange, side, in);
    if (!outcome.good) return End::kGarbage;
    outcome.blocked = blocked;
    if (outcome.status != BH_OK && exchange.err != nullptr) {
        const std::string reason =
            clean({exchange.err->reason, ::strnlen(exchange.err->reason, sizeof exchange.err->reason)});
        const std::string message =
            clean({exchange.err->message, ::strnlen(exchange.err->message, sizeof exchange.err->message)});
        report(exchange.err, exchange.err->code, reason, message, exchange.err->retry_after_ms);
    }
    return End::kReply;
}

End Line::start(Writer& out, std::span<const int> fds, std::uint64_t hard_ns, bh_error* err, bh_status& status) {
    if (!channel_.send(out, fds, hard_ns)) return End::kGone;
    Frame frame;
    if (const End end = converse(Kind::kReady, 0, nullptr, {0, hard_ns}, frame); end != End::kReply) return end;
    Reader in{frame.payload};
    status = in.number<bh_status>();
    if (status != BH_OK) {
        const auto retry = in.number<std::uint32_t>();
        const std::string reason = clean(in.text()), message = clean(in.text());
        report(err, status, reason, message, retry);
    }
    return in.finished() ? End::kReply : End::kGarbage;
}

End Line::serve_pending() {
    for (;;) {
        Frame frame;
        switch (channel_.receive(buffer_, frame, false)) {
            case Got::kNothingYet:
                return End::kReply;
            case Got::kGone:
                return End::kGone;
            case Got::kGarbage:
                return End::kGarbage;
            case Got::kFrame:
                break;
        }
        constexpr std::uint64_t kAnswerTime = 5'000'000'000;
        if (!serve(frame, nullptr, monotonic_ns() + kAnswerTime)) return End::kGarbage;
    }
}

}  // namespace bh::worker
