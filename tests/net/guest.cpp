#include "tests/net/guest.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace bh::nettest {
namespace {

constexpr std::size_t kVirtioHeader = 10;
constexpr std::size_t kBuffer = 70000;

Fd open_guest_end() {
    Fd fd{::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)};
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    std::strcpy(request.ifr_name, "eth0");
    if (!fd.valid() || ::ioctl(fd.get(), TUNSETIFF, &request) != 0) throw std::runtime_error{"no tap for the guest"};
    return fd;
}

}  // namespace

Guest::Guest(Fd host_end, const std::string& mac, const std::string& address)
    : host_end_{std::move(host_end)}, stop_{::eventfd(0, EFD_CLOEXEC)} {
    space_.inside([&] { guest_end_ = open_guest_end(); });
    cable_ = std::thread{[this] { carry(); }};
    space_.run({"sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad"});
    space_.ip("link set dev eth0 address " + mac);
    space_.ip("link set dev eth0 up");
    space_.ip("-6 address add " + address + "/128 dev eth0 nodad");
    space_.ip("-6 route add default via fe80::1 dev eth0");
}

Guest::~Guest() {
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    cable_.join();
}

void Guest::inject(const Frame& frame) const {
    Frame packet(kVirtioHeader, 0);
    packet.insert(packet.end(), frame.begin(), frame.end());
    if (::write(host_end_.get(), packet.data(), packet.size()) != static_cast<ssize_t>(packet.size()))
        throw std::runtime_error{std::string{"the tap takes no frame: "} + std::strerror(errno)};
}

void Guest::carry() {
    std::vector<std::uint8_t> buffer(kBuffer);
    std::array<pollfd, 3> fds{pollfd{stop_.get(), POLLIN, 0}, pollfd{guest_end_.get(), POLLIN, 0},
                              pollfd{host_end_.get(), POLLIN, 0}};
    for (;;) {
        if (::poll(fds.data(), fds.size(), -1) < 0) continue;
        if (fds[0].revents != 0) return;
        if (fds[1].revents != 0) {
            const auto size = ::read(guest_end_.get(), buffer.data(), buffer.size());
            // An unplugged or closed tap refuses the frame, as a cable would lose it.
            if (size > 0) (void)!::write(host_end_.get(), buffer.data(), static_cast<std::size_t>(size));
        }
        if ((fds[2].revents & (POLLERR | POLLHUP)) != 0 && (fds[2].revents & POLLIN) == 0) fds[2].fd = -1;
        if ((fds[2].revents & POLLIN) == 0) continue;
        const auto size = ::read(host_end_.get(), buffer.data(), buffer.size());
        if (size <= static_cast<ssize_t>(kVirtioHeader)) {
            if (size < 0 && errno != EAGAIN) fds[2].fd = -1;  // the tap was removed
            continue;
        }
        const std::scoped_lock lock{mutex_};
        from_host_.emplace_back(buffer.begin() + kVirtioHeader, buffer.begin() + size);
        arrived_.notify_all();
        (void)!::write(guest_end_.get(), buffer.data(), static_cast<std::size_t>(size));
    }
}

bool Guest::receives(const std::function<bool(const Frame&)>& fits) {
    std::unique_lock lock{mutex_};
    return arrived_.wait_for(lock, std::chrono::seconds{10},
                             [&] { return std::any_of(from_host_.begin(), from_host_.end(), fits); });
}

bool Guest::received(const std::function<bool(const Frame&)>& fits) {
    const std::scoped_lock lock{mutex_};
    return std::any_of(from_host_.begin(), from_host_.end(), fits);
}

}  // namespace bh::nettest
