#include "kernel/signer/codec/codec.hpp"

#include "kernel/signer/intent.hpp"
#include "kernel/signer/limits.hpp"
#include "kernel/worker/channel.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/host/loader.hpp"

#include <blockhost/codec.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace bh::signer {

namespace {

using worker::Channel;
using worker::Frame;
using worker::Got;
using worker::Kind;

constexpr const char* kVersion = "0.1.0";
// Where the program finds its channel and the codec's file, and a place above both to come from.
constexpr int kChannel = 3, kFile = 4, kAbove = 10;

Failure failed(const CodecConfig& config, const std::string& what) {
    return invalid("codec_failed", "the codec of the scheme " + config.scheme + " " + what + "; ask its author");
}

// Words of the codec, for people's eyes.
std::string words(std::string_view text) {
    constexpr std::size_t kMost = 200;
    std::string out{text.substr(0, kMost)};
    std::replace_if(out.begin(), out.end(), [](char c) { return c < 0x20 || c == 0x7f; }, '?');
    return out;
}

// The process, ended and collected when this goes.
class Child {
public:
    static Result<Child> start(const std::string& program, const std::string& id, int channel, int file) {
        const Fd from_channel{::fcntl(channel, F_DUPFD_CLOEXEC, kAbove)},
            from_file{::fcntl(file, F_DUPFD_CLOEXEC, kAbove)};
        posix_spawn_file_actions_t actions;
        if (!from_channel.valid() || !from_file.valid() || ::posix_spawn_file_actions_init(&actions) != 0)
            return Failure{BH_E_UNAVAILABLE, "descriptors", "no descriptors left for a codec", 1000};
        ::posix_spawn_file_actions_adddup2(&actions, from_channel.get(), kChannel);
        ::posix_spawn_file_actions_adddup2(&actions, from_file.get(), kFile);
        std::string name = program, argument = id;
        char* const arguments[] = {name.data(), argument.data(), nullptr};
        char* const environment[] = {nullptr};
        pid_t pid = -1;
        const int error = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environment);
        ::posix_spawn_file_actions_destroy(&actions);
        if (error != 0) {
            return Failure{BH_E_UNAVAILABLE, "no_codec_program",
                           "can't start " + program + ": " + std::string{::strerror(error)} +
                               "; correct codec_program of the signer's configuration"};
        }
        return Child{pid};
    }
    Child(Child&& other) noexcept : pid_{std::exchange(other.pid_, -1)} {}
    Child& operator=(Child&&) = delete;
    ~Child() {
        if (pid_ < 0) return;
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
    }

private:
    explicit Child(pid_t pid) : pid_{pid} {}
    pid_t pid_;
};

// One frame until the deadline.
Got receive(Channel& channel, worker::Buffer& buffer, Frame& frame, std::uint64_t deadline_ns) {
    for (;;) {
        const Got got = channel.receive(buffer, frame, false);
        if (got != Got::kNothingYet) return got;
        pollfd readable{channel.fd(), POLLIN, 0};
        if (::poll(&readable, 1, worker::poll_timeout(deadline_ns)) == 0) return Got::kNothingYet;
    }
}

}  // namespace

Codec::Codec(CodecConfig config, std::string id, std::string program, host::SealedFile file,
             std::chrono::milliseconds patience)
    : config_{std::move(config)},
      id_{std::move(id)},
      program_{std::move(program)},
      file_{std::make_shared<host::SealedFile>(std::move(file))},
      patience_{patience} {}

Result<Codec> Codec::open(CodecConfig config, std::string program, std::chrono::milliseconds patience) {
    const std::string where = "codecs: " + config.scheme;
    const std::string id = config.plugin.substr(config.plugin.find_last_of('/') + 1);
    auto checked = host::check({config.plugin, id, config.sha256, kVersion, BH_CODEC, true});
    if (!checked) return checked.failure().within(where);
    return Codec{std::move(config), id, std::move(program), std::move(checked->file), patience};
}

Result<Codec::Decoded> Codec::decode(crypto::ByteView payload) const {
    const std::uint64_t deadline =
        worker::monotonic_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds{patience_}.count());
    auto pair = worker::make_stream_pair();
    if (!pair) return Failure{BH_E_UNAVAILABLE, "descriptors", "no descriptors left for a codec", 1000};
    const auto child = Child::start(program_, id_, pair->theirs.get(), file_->fd());
    if (!child) return child.failure();
    pair->theirs.reset();

    Channel channel{std::move(pair->mine)};
    worker::Writer out;
    out.begin(Kind::kCall, 0);
    out.text(config_.scheme);
    out.bytes(payload.data(), payload.size());
    if (!channel.send(out, {}, deadline)) return failed(config_, "did not take its payload");
    worker::Buffer buffer;
    Frame frame;
    switch (receive(channel, buffer, frame, deadline)) {
        case Got::kFrame:
            break;
        case Got::kNothingYet:
            return failed(config_, "did not answer in time");
        default:
            return failed(config_, "ended without an answer: it crashed, or tried what it may not");
    }
    worker::Reader in{frame.payload};
    const auto status = in.number<bh_status>();
    if (frame.kind == Kind::kReply && in.good() && status != BH_OK) {
        const std::string reason = words(in.text()), message = words(in.text());
        if (!in.finished()) return failed(config_, "answered what is no answer");
        return invalid("codec_refused", "the codec of the scheme " + config_.scheme + " refuses the payload (" +
                                            reason + "): " + message);
    }
    const auto intent = in.bytes(), preimage = in.bytes();
    if (frame.kind != Kind::kReply || !in.finished() || !channel.fds().empty())
        return failed(config_, "answered what is no answer");
    if (intent.size() > kMaxIntent || preimage.empty() || preimage.size() > kMaxPreimage)
        return failed(config_, "answered an intent or a preimage that is empty or too large");
    return Decoded{crypto::to_bytes(intent), crypto::to_bytes(preimage)};
}

crypto::Hash256 Codec::hash(crypto::ByteView preimage) const {
    if (config_.hash == "keccak256") return crypto::keccak256(preimage);
    const auto once = crypto::sha256(preimage);
    return config_.hash == "sha256d" ? crypto::sha256(once) : once;
}

}  // namespace bh::signer
