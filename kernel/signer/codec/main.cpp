// blockhost-codec ID: decodes one payload for blockhost-signer, in a sandbox, and ends. Started by the signer with an
// empty environment. Descriptors: 3, the channel to the signer; 4, the sealed file of the codec.
//
// Two processes, as of blockhost-worker: this one waits for the first system call that the sandbox does not allow, and
// ends both; its child closes the sandbox around itself, loads the codec and asks it.
#include "kernel/worker/channel.hpp"
#include "kernel/worker/codec.hpp"
#include "kernel/worker/sandbox.hpp"
#include "plugin-api/host/library.hpp"

#include <blockhost/codec.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace {

using namespace bh;
using namespace bh::worker;

constexpr int kChannel = 3, kFile = 4;
constexpr const char* kVersion = "0.1.0";
constexpr std::uint64_t kMemory = std::uint64_t{128} << 20;
constexpr rlim_t kSeconds = 5;

[[noreturn]] void give_up() { ::_exit(1); }
void must(const char* failed_step) {
    if (failed_step != nullptr) give_up();
}

void limit_time() {
    const rlimit seconds{kSeconds, kSeconds}, none{0, 0};
    if (::setrlimit(RLIMIT_CPU, &seconds) != 0 || ::setrlimit(RLIMIT_FSIZE, &none) != 0) give_up();
}

void answer_failure(Channel& channel, bh_status status, std::string_view reason, std::string_view message) {
    Writer out;
    out.begin(Kind::kReply, 0);
    out.number(status);
    out.text(reason);
    out.text(message);
    (void)channel.send(out);
}

// Reads the payload, asks the codec, answers.
void serve(Channel& channel, const std::string& id) {
    Buffer buffer;
    Frame frame;
    if (channel.receive(buffer, frame, true) != Got::kFrame || frame.kind != Kind::kCall) return;
    Reader in{frame.payload};
    const auto scheme = in.text();
    const auto payload = in.bytes();
    if (!in.finished()) return;
    const auto plugin = host::map_checked("/proc/self/fd/" + std::to_string(kFile), id, {BH_CODEC}, kVersion);
    if (!plugin)
        return answer_failure(channel, plugin.failure().code, plugin.failure().reason, plugin.failure().message);
    const auto* codec = static_cast<const bh_codec*>((*plugin)->query(BH_CODEC));
    if (codec == nullptr || codec->decode == nullptr)
        return answer_failure(channel, BH_E_UNSUPPORTED, "no_codec", "the plugin has no " BH_CODEC);
    Codec<bh_sink>::Slot intent, preimage;
    bh_error error{};
    error.struct_size = sizeof error;
    const bh_status status =
        codec->decode(view(scheme), {payload.data(), payload.size()}, {&intent, Codec<bh_sink>::Slot::write},
                      {&preimage, Codec<bh_sink>::Slot::write}, &error);
    if (status != BH_OK) {
        return answer_failure(channel, status, {error.reason, ::strnlen(error.reason, sizeof error.reason)},
                              {error.message, ::strnlen(error.message, sizeof error.message)});
    }
    Writer out;
    out.begin(Kind::kReply, 0);
    out.number(status);
    out.text(intent.text);
    out.text(preimage.text);
    (void)channel.send(out);
}

[[noreturn]] void be_the_codec(const std::string& id, int hand) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up();
    const Plan plan;
    int abi = 0, listener = -1;
    must(build_root(plan));
    must(drop_capabilities());
    must(restrict_paths(plan, abi));
    must(restrict_calls(plan, listener));
    Channel to_watcher{Fd{hand}};
    Writer out;
    out.begin(Kind::kChannel, 0);
    if (!to_watcher.send(out, {&listener, 1})) give_up();
    ::close(listener);
    ::fcntl(kChannel, F_SETFD, FD_CLOEXEC);
    Channel channel{Fd{kChannel}};
    serve(channel, id);
    ::_exit(0);
}

// Whatever is asked for and not allowed is reason enough: a codec only computes.
int watch(pid_t codec, int hand) {
    ::close(kChannel);
    ::close(kFile);
    const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, codec, 0))};
    Channel from_codec{Fd{hand}};
    Buffer buffer;
    Frame frame;
    if (process.valid() && from_codec.receive(buffer, frame, true) == Got::kFrame && from_codec.fds().size() == 1) {
        pollfd fds[2] = {{process.get(), POLLIN, 0}, {from_codec.fds().front().get(), POLLIN, 0}};
        while (::poll(fds, 2, -1) < 0 && errno == EINTR) continue;
    }
    ::kill(codec, SIGKILL);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    // With the signer it goes.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up();
    limit_time();
    Plan limits;
    limits.rlimits = true;
    limits.memory_bytes = kMemory;
    must(limit_resources(limits));
    must(enter_namespaces());
    int hand[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hand) != 0) give_up();
    const pid_t codec = ::fork();
    if (codec < 0) give_up();
    if (codec == 0) {
        ::close(hand[0]);
        be_the_codec(argv[1], hand[1]);
    }
    ::close(hand[1]);
    must(drop_capabilities());
    return watch(codec, hand[0]);
}
