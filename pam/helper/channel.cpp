#include "pam/helper/channel.hpp"

#include "pam/guest/files.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace bh::guest {
namespace {

constexpr int kWriteWaitMs = 1000;

}  // namespace

Result<std::string> find_port(const std::string& name) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{"/sys/class/virtio-ports", error}) {
        const Result<std::string> text = read_file(entry.path().string() + "/name", 256);
        if (text && *text == name + "\n") return "/dev/" + entry.path().filename().string();
    }
    return Failure{BH_E_NOT_FOUND, "no_port", "there is no virtio-serial port " + name};
}

Status Channel::step(int wait_ms) {
    pollfd wait{fd_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, wait_ms);
    if (ready < 0 && errno != EINTR) return Failure{BH_E_UNAVAILABLE, "channel", std::strerror(errno)};
    if (ready <= 0) return {};
    if ((wait.revents & POLLIN) == 0) {
        // POLLHUP: nobody has the host's end open. It stays set until somebody does, so poll() would not wait.
        ::poll(nullptr, 0, std::min(wait_ms, 200));
        return {};
    }
    char buffer[4096];
    const ssize_t got = ::read(fd_, buffer, sizeof buffer);
    if (got > 0) {
        handle({buffer, static_cast<std::size_t>(got)});
    } else if (got == 0) {
        ::poll(nullptr, 0, std::min(wait_ms, 200));
    } else if (errno != EINTR && errno != EAGAIN) {
        return Failure{BH_E_UNAVAILABLE, "channel", std::strerror(errno)};
    }
    return {};
}

void Channel::handle(std::string_view bytes) {
    while (const auto frame = decoder_.take(bytes)) {
        if (frame->kind != guest_frame::Kind::kRequest) continue;
        const auto encoded = guest_frame::encode({guest_frame::Kind::kAnswer, frame->nonce, answer_(frame->payload)});
        if (encoded) send(*encoded);
    }
}

void Channel::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
        if (wrote > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(wrote));
            continue;
        }
        if (wrote < 0 && errno == EINTR) continue;
        pollfd wait{fd_, POLLOUT, 0};
        if (wrote == 0 || errno != EAGAIN || ::poll(&wait, 1, kWriteWaitMs) <= 0) return;
    }
}

}  // namespace bh::guest
