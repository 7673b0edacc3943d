#include "kernel/net/sysctl.hpp"

#include "kernel/ipc/fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace bh::net {
namespace {

std::string key_of(std::string path) {
    // The dots of an interface name become slashes and the reverse, as sysctl(8) writes it.
    for (char& c : path) c = c == '/' ? '.' : c == '.' ? '/' : c;
    return "net." + path;
}

Failure cannot(std::string_view verb, const std::string& path, int error) {
    return {BH_E_UNAVAILABLE, "sysctl",
            "cannot " + std::string{verb} + " " + key_of(path) + ": " + std::strerror(error) +
                (error == EROFS ? "; /proc/sys must be writable for netd" : "")};
}

}  // namespace

Result<std::string> Sysctls::read(const std::string& path) const {
    const Fd fd{::open((root_ + "/" + path).c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd.valid()) return cannot("read", path, errno);
    std::array<char, 64> buffer{};
    const auto size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0) return cannot("read", path, errno);
    std::string value{buffer.data(), static_cast<std::size_t>(size)};
    while (!value.empty() && (value.back() == '\n' || value.back() == ' ')) value.pop_back();
    return value;
}

Status Sysctls::ensure_quietly(const std::string& path, std::string_view value) {
    auto before = read(path);
    if (!before) return before.failure();
    if (*before == value) return {};
    const Fd fd{::open((root_ + "/" + path).c_str(), O_WRONLY | O_CLOEXEC)};
    if (!fd.valid()) return cannot("write", path, errno);
    if (::write(fd.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
        return cannot("write", path, errno);
    return {};
}

Status Sysctls::ensure(const std::string& path, std::string_view value) {
    auto before = read(path);
    if (!before) return before.failure();
    if (*before == value) return {};
    if (auto written = ensure_quietly(path, value); !written) return written.failure();
    changes_.push_back({key_of(path), *before, std::string{value}});
    return {};
}

Status enable_forwarding(Sysctls& sysctls, const std::vector<std::string>& interfaces) {
    auto forwarding = sysctls.read("ipv6/conf/all/forwarding");
    if (!forwarding) return forwarding.failure();
    if (*forwarding != "0") return {};
    for (const auto& name : interfaces) {
        const std::string path = "ipv6/conf/" + name + "/accept_ra";
        auto value = sysctls.read(path);
        if (!value || *value != "1") continue;  // gone meanwhile, off, or right already
        if (auto done = sysctls.ensure(path, "2"); !done) return done.failure();
    }
    return sysctls.ensure("ipv6/conf/all/forwarding", "1");
}

Status enable_proxy(Sysctls& sysctls, const InterfaceName& uplink) {
    if (auto done = sysctls.ensure("ipv6/conf/" + uplink.text() + "/proxy_ndp", "1"); !done) return done.failure();
    // The default makes each answer wait for up to 0.8 s.
    return sysctls.ensure("ipv6/neigh/" + uplink.text() + "/proxy_delay", "0");
}

Status prepare_tap(Sysctls& sysctls, const InterfaceName& tap) {
    struct Setting {
        const char *family, *key, *value;
    };
    constexpr std::array kSettings{
        Setting{"ipv6", "forwarding", "1"},       Setting{"ipv6", "accept_ra", "0"},
        Setting{"ipv6", "accept_redirects", "0"}, Setting{"ipv6", "proxy_ndp", "0"},
        Setting{"ipv4", "arp_ignore", "8"},
    };
    for (const auto& setting : kSettings) {
        const std::string path = std::string{setting.family} + "/conf/" + tap.text() + "/" + setting.key;
        if (auto done = sysctls.ensure_quietly(path, setting.value); !done) return done.failure();
    }
    return {};
}

}  // namespace bh::net
