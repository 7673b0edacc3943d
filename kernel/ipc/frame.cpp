#include "kernel/ipc/frame.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace bh::ipc {
namespace {

Failure broken(int error) {
    return {BH_E_UNAVAILABLE, "socket", std::string{"the connection broke: "} + std::strerror(error)};
}

int remaining_ms(Deadline deadline) {
    if (deadline == Deadline::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 1 << 30));
}

enum class Ready { socket, wake, timeout, error };

Ready wait_for(int socket, short events, int wake, Deadline deadline) {
    std::array<pollfd, 2> fds{pollfd{socket, events, 0}, pollfd{wake, POLLIN, 0}};
    for (;;) {
        const int count = ::poll(fds.data(), wake >= 0 ? 2 : 1, remaining_ms(deadline));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Ready::error;
        if (count == 0) return Ready::timeout;
        if (fds[0].revents != 0) return Ready::socket;
        return Ready::wake;
    }
}

const Failure& timed_out() {
    static const Failure failure{BH_E_TIMEOUT, "deadline", "the other side did not answer in time"};
    return failure;
}

void collect_fds(const msghdr& message, std::vector<Fd>& fds) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(const_cast<msghdr*>(&message), header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            fds.emplace_back(fd);
        }
    }
}

}  // namespace

Status send_frame(int socket, std::string_view body, const std::vector<int>& fds, Deadline deadline) {
    if (body.size() > kMaxFrame) return invalid("frame_too_long", "a message may have at most 1 MiB");
    if (fds.size() > kMaxFds) return invalid("too_many_fds", "a message may carry at most 16 descriptors");
    const auto size = static_cast<std::uint32_t>(body.size());
    std::array<unsigned char, 4> prefix{};
    for (std::size_t i = 0; i < prefix.size(); ++i) prefix[i] = static_cast<unsigned char>(size >> (8 * i));

    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> control{};
    std::size_t sent = 0;
    const std::size_t total = prefix.size() + body.size();
    while (sent < total) {
        std::array<iovec, 2> parts{};
        std::size_t count = 0;
        if (sent < prefix.size()) parts[count++] = {prefix.data() + sent, prefix.size() - sent};
        const std::size_t body_sent = sent > prefix.size() ? sent - prefix.size() : 0;
        parts[count++] = {const_cast<char*>(body.data()) + body_sent, body.size() - body_sent};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = count;
        if (sent == 0 && !fds.empty()) {
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
            std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
        }
        const ssize_t n = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            sent += static_cast<std::size_t>(n);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return broken(errno);
        const Ready ready = wait_for(socket, POLLOUT, -1, deadline);
        if (ready == Ready::timeout) return timed_out();
        if (ready == Ready::error) return broken(errno);
    }
    return {};
}

Result<std::optional<Frame>> receive_frame(int socket, int wake, Deadline deadline) {
    Frame frame;
    std::array<unsigned char, 4> prefix{};
    std::size_t have = 0;
    std::size_t want = prefix.size();
    while (have < want) {
        const Ready ready = wait_for(socket, POLLIN, have == 0 ? wake : -1, deadline);
        if (ready == Ready::wake) return std::optional<Frame>{};
        if (ready == Ready::timeout) return timed_out();
        if (ready == Ready::error) return broken(errno);

        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> control{};
        iovec part = have < prefix.size() ? iovec{prefix.data() + have, prefix.size() - have}
                                          : iovec{frame.body.data() + (have - prefix.size()), want - have};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) continue;
        if (n < 0) return broken(errno);
        collect_fds(message, frame.fds);
        if (n == 0) {
            if (have == 0) return std::optional<Frame>{};
            return invalid("frame_cut", "the connection closed in the middle of a message");
        }
        const bool in_prefix = have < prefix.size();
        have += static_cast<std::size_t>(n);
        if (in_prefix && have == prefix.size()) {
            std::size_t size = 0;
            for (std::size_t i = 0; i < prefix.size(); ++i) size |= std::size_t{prefix[i]} << (8 * i);
            if (size > kMaxFrame) return invalid("frame_too_long", "a message may have at most 1 MiB");
            frame.body.resize(size);
            want += size;
        }
    }
    return std::optional<Frame>{std::move(frame)};
}

}  // namespace bh::ipc
