#include "kernel/net/tun.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace bh::net {
namespace {

Result<Fd> open_device(const std::string& device) {
    Fd fd{::open(device.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)};
    if (fd.valid()) return fd;
    const std::string reason = std::strerror(errno);
    if (errno == EACCES || errno == EPERM) {
        return Failure{BH_E_DENIED, "tun_denied",
                       "netd may not open " + device + " (" + reason +
                           "): give its user access (chmod 0666, as most systems have it), or make a node of its "
                           "own with `mknod` and name it as \"tun\" in netd.yaml"};
    }
    return Failure{BH_E_UNAVAILABLE, "tun_missing",
                   "cannot open " + device + " (" + reason +
                       "): load the module with `modprobe tun`, or correct \"tun\" in netd.yaml"};
}

Failure tap_failure(const std::string& what, int error) {
    const std::string message = "cannot " + what + ": " + std::strerror(error);
    if (error == EBUSY) return {BH_E_BUSY, "tap_in_use", message + "; a process has it open", 200};
    if (error == EPERM) return {BH_E_DENIED, "not_permitted", message + "; netd needs CAP_NET_ADMIN"};
    return {BH_E_UNAVAILABLE, "tap", message};
}

}  // namespace

Result<Fd> open_tap(const std::string& device, const InterfaceName& tap) {
    auto fd = open_device(device);
    if (!fd) return fd.failure();
    ifreq request{};
    // With the virtio header, which emulators ask for and which makes large segments possible between guest and host.
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    std::memcpy(request.ifr_name, tap.text().c_str(), tap.text().size());
    if (::ioctl(fd->get(), TUNSETIFF, &request) != 0) return tap_failure("open the tap " + tap.text(), errno);
    return fd;
}

Status set_tap_owner(const Fd& tap, std::uint32_t uid) {
    if (::ioctl(tap.get(), TUNSETOWNER, static_cast<unsigned long>(uid)) != 0)
        return tap_failure("give the tap to user " + std::to_string(uid), errno);
    return {};
}

Status make_persistent(const Fd& tap) {
    if (::ioctl(tap.get(), TUNSETPERSIST, 1UL) != 0) return tap_failure("make the tap persistent", errno);
    return {};
}

Status check_tun_device(const std::string& device) {
    auto fd = open_device(device);
    return fd ? Status{} : fd.failure();
}

}  // namespace bh::net
