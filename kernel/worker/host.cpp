#include "kernel/worker/host.hpp"

#include "kernel/worker/context.hpp"
#include "kernel/worker/no_block.hpp"
#include "plugin-api/host/library.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

namespace bh::worker {

namespace {

// The channel whose verb this thread runs, if it runs one.
thread_local Lane* current_lane = nullptr;

// The running call as the plugin sees it.
struct Running {
    Lane* lane = nullptr;
    std::uint32_t number = 0;
    bh_call call{};
};

Running& running_of(const bh_call* call) { return *static_cast<Running*>(call->ctx); }

std::uint32_t cancel_reason(const bh_call* call) noexcept {
    const auto& running = running_of(call);
    Stop stop;
    // Looked at, not taken: the descriptor stays readable for whoever polls it.
    const ssize_t size = ::recv(running.lane->stop.get(), &stop, sizeof stop, MSG_PEEK | MSG_DONTWAIT);
    return size == sizeof stop && stop.call == running.number ? stop.reason : std::uint32_t{BH_CANCEL_NONE};
}
std::int32_t cancelled(const bh_call* call) noexcept { return cancel_reason(call) != BH_CANCEL_NONE; }

// What was said about earlier calls of this channel. A word about the call `number` may be here before the call is.
void forget_stops(const Lane& lane, std::uint32_t number) {
    Stop stop;
    while (::recv(lane.stop.get(), &stop, sizeof stop, MSG_PEEK | MSG_DONTWAIT) > 0 && stop.call != number)
        (void)::recv(lane.stop.get(), &stop, sizeof stop, MSG_DONTWAIT);
}

}  // namespace

// The worker as the caller of services.
struct ServiceSide {
    template <class Body>
    static auto on_lane(const bh_kernel* kernel, Body&& body) {
        if (current_lane != nullptr) return body(*current_lane);
        const Host::Turn turn{*static_cast<Host*>(kernel->ctx)};
        return body(turn.lane());
    }
    template <class Body>
    static auto on_lane(const bh_call* call, Body&& body) {
        return body(*running_of(call).lane);
    }
    template <class Self>
    static bh_status run(Self self, const Exchange& exchange) noexcept {
        return on_lane(self, [&](Lane& lane) { return lane.ask(exchange); });
    }
    template <class Self>
    static void tell(Self self, const Exchange& exchange) noexcept {
        on_lane(self, [&](Lane& lane) { lane.tell(exchange); });
    }
};

namespace {

constexpr bh_call kCallbacks = table_of_stubs<ServiceSide, bh_call>();

// The worker as the callee of verbs.
struct InstanceSide {
    struct Context {
        const bh_plugin* plugin;
        const bh_kernel* kernel;
        bh_instance* self;
        Running running;
        BlockedWords blocked;
    };
    // The first argument: the instance, or for check() the kernel.
    struct First {
        Context& context;
        explicit operator bh_instance*() const { return context.self; }
        explicit operator const bh_kernel*() const { return context.kernel; }
    };
    template <class Table>
    static std::pair<const Table*, First> target(Context& context) {
        if constexpr (std::is_same_v<Table, bh_plugin>) {
            return {context.plugin, First{context}};
        } else {
            // One table for ever, says plugin.h: asked once.
            static const void* const table =
                measured(context.blocked.query_ms, [&] { return context.plugin->query(Rows<Table>::id); });
            return {static_cast<const Table*>(table), First{context}};
        }
    }
    static const bh_call* take_call(CalleeSide& side, Reader& in) {
        auto& running = static_cast<Context*>(side.context)->running;
        bh_call& call = running.call;
        call = kCallbacks;
        call.attempt = in.number<std::uint32_t>();
        call.op_id = view(in.text());
        call.trace_id = view(in.text());
        const auto checkpoint = in.bytes();
        call.checkpoint = {checkpoint.data(), checkpoint.size()};
        call.deadline_ns = in.number<std::uint64_t>();
        call.cancel_fd = running.lane->stop.get();
        call.ctx = &running;
        call.cancelled = cancelled;
        call.cancel_reason = cancel_reason;
        return &call;
    }
};

using Asked = Tables<bh_plugin, bh_chain, bh_hypervisor, bh_storage, bh_ipv6, bh_chain_contract, bh_hypervisor_console,
                     bh_hypervisor_guest, bh_hypervisor_reinstall, bh_hypervisor_resize, bh_hypervisor_snapshot>;
constexpr auto kHandlers = handlers_of<InstanceSide>(Asked{});

template <class Table>
constexpr Table kService = table_of_stubs<ServiceSide, Table>();

void put_failure(Writer& out, bh_status status, std::string_view reason, std::string_view message) {
    out.number(status);
    out.number(std::uint32_t{0});
    out.text(reason);
    out.text(message);
}

}  // namespace

bh_status Lane::ask(const Exchange& exchange) noexcept {
    try {
        std::vector<std::uint8_t> payload;
        std::vector<Fd> received;
        CallerSide side{out, {}, nullptr, &received};
        {
            const std::scoped_lock lock{mutex};
            out.begin(Kind::kRequest, exchange.number);
            exchange.put(side);
            if (out.too_large()) return report(exchange.err, BH_E_INVALID, "too_large", "larger than 2 MiB");
            Frame frame;
            if (!channel.send(out, side.fds) || channel.receive(answers, frame, true) != Got::kFrame ||
                frame.kind != Kind::kAnswer || frame.number != exchange.number) {
                return report(exchange.err, BH_E_INTERRUPTED, "no_kernel", "the kernel has ended");
            }
            // A copy: the plugin's sink or secret's user may ask for more before this answer is used up.
            payload.assign(frame.payload.begin(), frame.payload.end());
            ::explicit_bzero(answers.data.data(), answers.data.size());
            received = std::move(channel.fds());
        }
        Reader in{payload};
        const Outcome outcome = read_outcome(exchange, side, in);
        ::explicit_bzero(payload.data(), payload.size());
        if (!outcome.good) return report(exchange.err, BH_E_INTERNAL, "protocol", "the kernel's answer does not parse");
        return outcome.status;
    } catch (const std::exception& error) {
        return report(exchange.err, BH_E_INTERNAL, "exception", error.what());
    }
}

void Lane::tell(const Exchange& exchange) noexcept {
    try {
        const std::scoped_lock lock{mutex};
        CallerSide side{out, {}, nullptr, nullptr};
        out.begin(Kind::kEvent, exchange.number);
        exchange.put(side);
        if (!out.too_large()) (void)channel.send(out);
    } catch (const std::exception&) {
        return;  // a line of log that can't be sent must not take the plugin down
    }
}

Host::Turn::Turn(Host& host) : host_{host} {
    const std::scoped_lock lock{host_.turns_mutex_};
    place_ =
        static_cast<std::size_t>(std::min_element(host_.turns_.begin(), host_.turns_.end()) - host_.turns_.begin());
    ++host_.turns_[place_];
}
Host::Turn::~Turn() {
    const std::scoped_lock lock{host_.turns_mutex_};
    --host_.turns_[place_];
}

bool Host::greet() {
    Frame frame;
    if (control_.channel.receive(control_.calls, frame, true) != Got::kFrame || frame.kind != Kind::kStart)
        return false;
    Reader in{frame.payload};
    if (in.number<std::uint32_t>() != kProtocol) {
        return answer_start(BH_E_INVALID, "protocol", "blockhost-worker and blockhostd are not of one release") &&
               false;
    }
    for (auto* text : {&instance_, &plugin_id_, &kernel_version_, &config_}) *text = in.text();
    for (auto count = in.number<std::uint32_t>(); in.good() && count > 0; --count) interfaces_.emplace_back(in.text());
    for (auto count = in.number<std::uint32_t>(); in.good() && count > 0; --count) services_.emplace(in.text());
    log_ = table_of_stubs<ServiceSide, bh_svc_log>();
    log_.min_level = in.number<std::uint32_t>();
    if (!in.finished() || control_.channel.fds().size() != kBackground) return false;
    for (std::size_t i = 0; i < kBackground; ++i)
        background_[i].channel = Channel{std::move(control_.channel.fds()[i])};
    kernel_ = {sizeof kernel_, BH_ABI_MINOR, this, view(instance_), service};
    return true;
}

bool Host::answer_start(bh_status status, std::string_view reason, std::string_view message) {
    control_.reply.begin(Kind::kReady, 0);
    if (status == BH_OK) {
        control_.reply.number(status);
    } else {
        put_failure(control_.reply, status, reason, message);
    }
    return control_.channel.send(control_.reply);
}

bool Host::make(const std::string& path) {
    const auto loaded = host::map_checked(path, plugin_id_, interfaces_, kernel_version_);
    if (!loaded) {
        (void)answer_start(loaded.failure().code, loaded.failure().reason, loaded.failure().message);
        return false;
    }
    plugin_ = *loaded;
    current_lane = &control_;
    bh_error error{};
    error.struct_size = sizeof error;
    const bh_status status = plugin_->create(&kernel_, view(config_), &self_, &error);
    current_lane = nullptr;
    const bool told = answer_start(status, {error.reason, ::strnlen(error.reason, sizeof error.reason)},
                                   {error.message, ::strnlen(error.message, sizeof error.message)});
    return told && status == BH_OK;
}

const void* Host::service(const bh_kernel* kernel, const char* id) noexcept {
    const auto& host = *static_cast<const Host*>(kernel->ctx);
    const std::string_view name{id};
    if (name == BH_SVC_LOG) return &host.log_;
    if (!host.services_.contains(name)) return nullptr;
    const void* found = nullptr;
    const auto look = [&]<class T>(Rows<T>) {
        if (name == Rows<T>::id) found = &kService<T>;
    };
    look(Rows<bh_svc_store>{});
    look(Rows<bh_svc_secrets>{});
    look(Rows<bh_svc_signer>{});
    look(Rows<bh_svc_launch>{});
    look(Rows<bh_svc_connect>{});
    look(Rows<bh_svc_chain>{});
    look(Rows<bh_svc_wake>{});
    return found;
}

namespace {
void begin_reply(Lane& lane, std::uint16_t number) {
    lane.reply.begin(Kind::kReply, number);
    lane.reply.number(BlockedWords{});
}
}  // namespace

void Host::serve_lane(Lane& lane) {
    current_lane = &lane;
    InstanceSide::Context context{plugin_, &kernel_, self_, {}, {}};
    context.running.lane = &lane;
    Frame frame;
    while (lane.channel.receive(lane.calls, frame, true) == Got::kFrame && frame.kind == Kind::kCall) {
        const std::uint16_t number = frame.number;
        if (number >= kMaxRows || kHandlers[number] == nullptr) return;
        Reader in{frame.payload};
        context.running.number = in.number<std::uint32_t>();
        forget_stops(lane, context.running.number);
        CalleeSide side{&lane.channel.fds(), InstanceSide::take_call, &context};
        context.blocked = {};
        begin_reply(lane, number);
        const auto run = [&] { return kHandlers[number](context, side, in, lane.reply); };
        const Handled handled = kNoBlockRows[number] ? measured(context.blocked.verb_ms, run) : run();
        if (handled == Handled::kGarbage) return;
        if (handled == Handled::kNotOffered) {
            begin_reply(lane, number);
            put_failure(lane.reply, BH_E_UNSUPPORTED, "not_offered", "the plugin does not offer this verb");
        }
        lane.reply.put_first(context.blocked);
        // Other threads of the plugin may be in the middle of a request on this channel: in turn.
        const std::scoped_lock lock{lane.mutex};
        if (!lane.channel.send(lane.reply)) return;
    }
}

void Host::open_lane() {
    auto& fds = control_.channel.fds();
    auto lane = std::make_unique<Lane>();
    lane->channel = Channel{std::move(fds[0])};
    lane->stop = Fd{std::move(fds[1])};
    fds.clear();
    std::thread{[this, lane = std::move(lane)] { serve_lane(*lane); }}.detach();
}

void Host::serve() {
    Frame frame;
    while (control_.channel.receive(control_.calls, frame, true) == Got::kFrame && frame.kind == Kind::kChannel &&
           control_.channel.fds().size() == 2) {
        open_lane();
    }
    plugin_->destroy(self_);
}

}  // namespace bh::worker
