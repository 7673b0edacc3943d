#include "plugins/chain-evm/heads/heads.hpp"

#include "plugin-api/crypto/secret.hpp"
#include "plugins/chain-evm/heads/message.hpp"
#include "plugins/chain-evm/rpc/sigpipe.hpp"

#include <random>

namespace bh::evm {
namespace {

constexpr std::uint32_t kMaxDoublings = 16;

// So that hosts that lost the same node do not all come back at once.
std::chrono::milliseconds jittered(std::chrono::milliseconds pause) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::chrono::milliseconds{
        std::uniform_int_distribution<std::int64_t>{pause.count() / 2, pause.count()}(random)};
}

Failure down(const char* reason, std::string what) { return {BH_E_UNAVAILABLE, reason, std::move(what), 0}; }
Failure garbage() { return down("garbage", "said something that is no JSON-RPC"); }
Failure stopped() { return {BH_E_INTERRUPTED, "stopped", "is not listened to any more", 0}; }

}  // namespace

Heads::Heads(std::unique_ptr<Route> route, std::string authorization, std::uint64_t chain_id, Clocks clocks,
             std::function<void()> on_head, WebSocketLimits limits, Times times)
    : route_{std::move(route)},
      authorization_{std::move(authorization)},
      chain_id_{chain_id},
      clocks_{std::move(clocks)},
      on_head_{std::move(on_head)},
      limits_{limits},
      times_{times} {
    facts_.state = "connecting";
}

Heads::~Heads() {
    stop();
    crypto::wipe(authorization_);
}

void Heads::start() {
    thread_ = std::thread{[this] { run(); }};
}

void Heads::ask_to_stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        if (socket_ != nullptr) socket_->cut();
    }
    changed_.notify_all();
}

void Heads::stop() {
    ask_to_stop();
    if (thread_.joinable()) thread_.join();
}

bool Heads::polled(std::uint64_t height) {
    const std::lock_guard lock{mutex_};
    const std::int64_t now = clocks_.steady_ms();
    trust_.polled(height, now);
    if (facts_.state != "subscribed" && facts_.state != "silent") return false;
    facts_.state = trust_.silent() ? "silent" : "subscribed";
    // A subscription that the node has forgotten is made again by another connection.
    if (trust_.silent() && socket_ != nullptr && now - subscribed_ms_ > times_.proven.count()) socket_->cut();
    return trust_.relied_on();
}

ChainEndpoint::Heads Heads::view() const {
    const std::lock_guard lock{mutex_};
    return facts_;
}

void Heads::set_state(const char* state) {
    const std::lock_guard lock{mutex_};
    facts_.state = state;
}

bool Heads::pause(std::chrono::nanoseconds span) {
    std::unique_lock lock{mutex_};
    return !changed_.wait_for(lock, span, [this] { return stopping_; });
}

void Heads::run() {
    const SigpipeGuard guard;
    std::uint32_t failures = 0;
    for (;;) {
        const auto began = std::chrono::steady_clock::now();
        const Failure ended = follow();
        {
            const std::lock_guard lock{mutex_};
            if (stopping_) return;
            ++facts_.ends;
            facts_.last_error = facts_.state == "silent" ? "told of no block while blocks came" : ended.message;
            facts_.state = ended.reason == "wrong_chain" ? "wrong_chain" : "connecting";
            trust_.forget();
        }
        on_head_();  // what came while nobody listened, and from now on at the usual interval
        if (std::chrono::steady_clock::now() - began > times_.proven) failures = 0;
        const auto doubled = times_.first_pause * (1U << std::min(failures++, kMaxDoublings));
        const auto longest = ended.reason == "wrong_chain" ? times_.longest_pause : doubled;
        if (!pause(jittered(std::min(longest, times_.longest_pause)))) return;
        set_state("connecting");
    }
}

Result<std::unique_ptr<WebSocket>> Heads::open() {
    return WebSocket::open(*route_, authorization_, std::chrono::steady_clock::now() + times_.open, limits_);
}

Failure Heads::follow() {
    Result<std::unique_ptr<WebSocket>> socket = open();
    if (!socket) return socket.failure();
    {
        const std::lock_guard lock{mutex_};
        if (stopping_) return stopped();
        socket_ = socket->get();
    }
    const Result<std::string> subscription = subscribe(**socket);
    Failure ended = subscription ? listen(**socket, *subscription) : subscription.failure();
    const std::lock_guard lock{mutex_};
    socket_ = nullptr;
    return ended;
}

Status Heads::probe() {
    const SigpipeGuard guard;
    const Result<std::unique_ptr<WebSocket>> socket = open();
    if (!socket) return socket.failure();
    const Result<std::string> subscription = subscribe(**socket);
    return subscription ? Status{} : Status{subscription.failure()};
}

Result<std::string> Heads::subscribe(WebSocket& socket) {
    using Kind = HeadsMessage::Kind;
    for (const std::string& question : {heads_question_chain(), heads_question_subscribe()}) {
        if (const Status sent = socket.send(question); !sent) return sent.failure();
    }
    const auto answered_by = std::chrono::steady_clock::now() + times_.subscribe;
    std::string subscription;
    bool right_chain = false;
    while (!right_chain || subscription.empty()) {
        const Result<std::string> text = socket.receive(answered_by);
        if (!text) return text.failure();
        const std::optional<HeadsMessage> message = read_heads_message(*text);
        if (!message) return garbage();
        if (message->kind == Kind::subscribed) subscription = message->text;
        if (message->kind == Kind::refused) {
            return down("refused", "takes no subscription (" + message->text +
                                       "); use a WebSocket URL that offers eth_subscribe newHeads");
        }
        if (message->kind == Kind::chain_id) {
            right_chain = message->number == chain_id_;
            if (!right_chain) {
                return down("wrong_chain", "serves chain " + std::to_string(message->number) +
                                               "; give the URL of a node of chain " + std::to_string(chain_id_));
            }
        }
        if (const Status paced = pace(); !paced) return paced.failure();
    }
    return subscription;
}

Failure Heads::listen(WebSocket& socket, const std::string& subscription) {
    {
        const std::lock_guard lock{mutex_};
        facts_.state = "subscribed";
        trust_.forget();  // polls that came meanwhile have judged nobody
        subscribed_ms_ = clocks_.steady_ms();
    }
    on_head_();  // a block may have come just before
    for (;;) {
        const Result<std::string> text = socket.receive(WebSocket::Time::max());
        if (!text) return text.failure();
        const std::optional<HeadsMessage> message = read_heads_message(*text);
        if (!message) return garbage();
        if (message->kind == HeadsMessage::Kind::head && message->text == subscription) {
            {
                const std::lock_guard lock{mutex_};
                trust_.told(message->number, clocks_.steady_ms());
                ++facts_.told;
                facts_.height = message->number;
                facts_.last_at = {clocks_.unix_s()};
            }
            on_head_();
        }
        if (const Status paced = pace(); !paced) return paced.failure();
    }
}

// What comes faster than blocks can come is left in the socket, where the node waits for us.
Status Heads::pace() {
    constexpr std::chrono::nanoseconds kEach = std::chrono::nanoseconds{std::chrono::seconds{1}} / kPerSecond;
    const auto now = std::chrono::steady_clock::now();
    full_at_ = std::max(full_at_, now) + kEach;
    const auto over = full_at_ - now - kEach * kBurst;
    if (over.count() <= 0 || pause(over)) return {};
    return stopped();
}

}  // namespace bh::evm
