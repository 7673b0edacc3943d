#include "plugins/hypervisor-qemu/guest_channel.hpp"

#include <sys/random.h>

namespace hypervisor_qemu {
namespace {

using bh::guest_frame::Frame;
using bh::guest_frame::Kind;

bh::Failure silent(const std::string& why) {
    return {BH_E_UNAVAILABLE, "no_guest", "the guest's helper does not answer: " + why, 1000};
}

}  // namespace

bh::Result<bh::Bytes> GuestChannel::exchange(const std::string& path, const bh::Bytes& request, Deadline deadline,
                                             int wake) {
    std::uint64_t nonce = 0;
    if (::getrandom(&nonce, sizeof nonce, 0) != sizeof nonce)
        return bh::Failure{BH_E_INTERNAL, "random", "no random number"};
    const auto frame = bh::guest_frame::encode({Kind::kRequest, nonce, {request.begin(), request.end()}});
    if (!frame) return bh::invalid("request", "a request to the guest is UTF-8 text of at most 16 KiB");
    const bool fresh = !socket_.open();
    if (fresh) {
        auto connected = Socket::connect(path);
        if (!connected) return silent(connected.failure().message);
        socket_ = std::move(*connected);
        decoder_ = {};
    }
    auto answer = ask(*frame, nonce, deadline, wake);
    // QEMU was restarted since the last exchange: the old connection is dead, the request went nowhere.
    if (!answer && !fresh && answer.failure().code == BH_E_UNAVAILABLE) {
        socket_.close();
        return exchange(path, request, deadline, wake);
    }
    // Requests that nobody reads must not pile up in the socket: a new connection starts empty.
    if (!answer) socket_.close();
    if (!answer && answer.failure().code != BH_E_INTERRUPTED) return silent(answer.failure().message);
    return answer;
}

bh::Result<bh::Bytes> GuestChannel::ask(const std::string& frame, std::uint64_t nonce, Deadline deadline, int wake) {
    if (auto sent = socket_.send(frame, deadline); !sent) return sent.failure();
    for (std::string got;; got.clear()) {
        if (auto received = socket_.receive(got, deadline, wake); !received) return received.failure();
        std::string_view input = got;
        while (auto answer = decoder_.take(input)) {
            // Another nonce: the late answer to an earlier request.
            if (answer->kind == Kind::kAnswer && answer->nonce == nonce)
                return bh::Bytes(answer->payload.begin(), answer->payload.end());
        }
        // A guest that floods is not waited for longer than one that is silent.
        if (std::chrono::steady_clock::now() >= deadline)
            return bh::Failure{BH_E_TIMEOUT, "no_answer", "no answer came in time"};
    }
}

}  // namespace hypervisor_qemu
