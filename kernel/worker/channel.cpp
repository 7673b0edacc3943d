#include "kernel/worker/channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace bh::worker {
namespace {

constexpr std::size_t kFirstBuffer = 16384;
constexpr std::uint64_t kNanosecondsPerMs = 1'000'000;
constexpr std::uint64_t kMomentNs = 50'000;

union Control {
    cmsghdr header;
    std::array<std::uint8_t, CMSG_SPACE(kMaxFds * sizeof(int))> space;
};

void attach(msghdr& message, Control& control, std::span<const int> fds) {
    if (fds.empty()) return;
    message.msg_control = control.space.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
}

void detach(msghdr& message, std::vector<Fd>& fds) {
    if (message.msg_controllen == 0) return;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            fds.emplace_back(fd);
        }
    }
}

std::optional<SocketPair> make_pair(int type) {
    int ends[2];
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) return std::nullopt;
    return SocketPair{Fd{ends[0]}, Fd{ends[1]}};
}

}  // namespace

std::uint64_t monotonic_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

int poll_timeout(std::uint64_t deadline_ns) noexcept {
    if (deadline_ns == 0) return -1;
    const std::uint64_t now = monotonic_ns();
    if (now >= deadline_ns) return 0;
    return static_cast<int>(std::min<std::uint64_t>((deadline_ns - now) / kNanosecondsPerMs + 1, INT_MAX));
}

std::optional<SocketPair> make_stream_pair() { return make_pair(SOCK_STREAM); }
std::optional<SocketPair> make_packet_pair() { return make_pair(SOCK_SEQPACKET); }

bool Channel::send(Writer& writer, std::span<const int> fds, std::uint64_t deadline_ns) {
    if (writer.too_large() || fds.size() > kMaxFds) return false;
    auto rest = writer.frame();
    Control control{};
    while (!rest.empty()) {
        iovec part{rest.data(), rest.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        attach(message, control, fds);
        const ssize_t size = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size > 0) {
            rest = rest.subspan(static_cast<std::size_t>(size));
            fds = {};
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return false;
        pollfd writable{socket_.get(), POLLOUT, 0};
        if (::poll(&writable, 1, poll_timeout(deadline_ns)) == 0) return false;
    }
    return true;
}

bool Channel::soon() const noexcept {
    pollfd readable{socket_.get(), POLLIN, 0};
    const std::uint64_t until = monotonic_ns() + kMomentNs;
    do {
        if (::poll(&readable, 1, 0) != 0) return true;
    } while (monotonic_ns() < until);
    return false;
}

Channel::Read Channel::read_more(Buffer& buffer, bool wait) {
    iovec part{buffer.data.data() + buffer.end, buffer.data.size() - buffer.end};
    Control control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.space.data();
    message.msg_controllen = control.space.size();
    ssize_t size = -1;
    if (wait) (void)soon();
    do {
        size = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    } while (size < 0 && errno == EINTR);
    if (size < 0) return errno == EAGAIN ? Read::kNothingYet : Read::kGone;
    if (size == 0) return Read::kGone;
    detach(message, fds_);
    if (fds_.size() > kMaxFds || (message.msg_flags & MSG_CTRUNC) != 0) return Read::kGarbage;
    buffer.end += static_cast<std::size_t>(size);
    return Read::kSome;
}

Got Channel::receive(Buffer& buffer, Frame& frame, bool wait) {
    if (buffer.begin == buffer.end) {
        buffer.begin = buffer.end = 0;
        fds_.clear();
    }
    for (;;) {
        const std::size_t there = buffer.end - buffer.begin;
        std::size_t need = sizeof(Header);
        if (there >= sizeof(Header)) {
            Header header{};
            std::memcpy(&header, buffer.data.data() + buffer.begin, sizeof header);
            if (header.size > kMaxFrame) return Got::kGarbage;
            need += header.size;
            if (there >= need) {
                frame = {header.kind, header.number, {buffer.data.data() + buffer.begin + sizeof(Header), header.size}};
                buffer.begin += need;
                return Got::kFrame;
            }
        }
        if (buffer.begin + need > buffer.data.size()) {
            if (there > 0) std::memmove(buffer.data.data(), buffer.data.data() + buffer.begin, there);
            buffer.begin = 0;
            buffer.end = there;
            if (need > buffer.data.size()) buffer.data.resize(std::max(need, kFirstBuffer));
        }
        switch (read_more(buffer, wait)) {
            case Read::kSome:
                break;
            case Read::kNothingYet:
                return Got::kNothingYet;
            case Read::kGone:
                return Got::kGone;
            case Read::kGarbage:
                return Got::kGarbage;
        }
    }
}

}  // namespace bh::worker
