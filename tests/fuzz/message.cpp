// Frames between the processes (kernel/ipc), and the requests and replies in them.
#include <sys/socket.h>

#include <algorithm>

#include "kernel/ipc/frame.hpp"
#include "kernel/ipc/wire.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace bh;

namespace {

void bodies(std::string_view body) {
    if (const auto request = ipc::parse_request(body)) {
        const auto again = ipc::parse_request(ipc::write_request(request->id, request->verb, request->args));
        bh::fuzz::must(
            again.ok() && again->id == request->id && again->verb == request->verb && again->args == request->args,
            "a request survives writing and parsing");
    }
    if (const auto reply = ipc::parse_reply(body, 1)) {
        const auto again = ipc::parse_reply(ipc::write_ok(1, *reply), 1);
        bh::fuzz::must(again.ok() && *again == *reply, "a reply survives writing and parsing");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bodies(bh::fuzz::text(data, size));
    int ends[2];
    bh::fuzz::must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "there is a socket");
    Fd ours{ends[0]};
    {
        // More than a socket takes at once would wait for a reader.
        const Fd theirs{ends[1]};
        const std::size_t sent = std::min<std::size_t>(size, 32768);
        bh::fuzz::must(::send(theirs.get(), data, sent, MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(sent),
                       "the socket takes the input");
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    for (;;) {
        const auto frame = ipc::receive_frame(ours.get(), -1, deadline);
        if (!frame || !*frame) return 0;
        bh::fuzz::must((*frame)->body.size() <= ipc::kMaxFrame, "a frame is within its limit");
        bodies((*frame)->body);
    }
}
