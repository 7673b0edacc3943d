#include "kernel/ipc/daemon.hpp"

#include "kernel/ipc/fd.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace bh::ipc {
namespace {

// The highest id that is not one of the reserved ones (-1 and 65534-like "nobody" stay the operator's business).
constexpr unsigned long kMaxId = 0xfffffffeUL - 1;

bool number(std::string_view text, unsigned long& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value <= kMaxId;
}

Failure nobody(const char* what, std::string_view text, std::string_view field) {
    return invalid("unknown_account", std::string{field} + ": there is no " + what + " \"" + std::string{text} +
                                          "\"; make it, or give a number");
}

}  // namespace

void notify_supervisor(std::string_view message) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t length = std::strlen(path);
    if (length >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = '\0';
    const Fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return;
    (void)::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
}

Result<int> stop_on_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    ::signal(SIGPIPE, SIG_IGN);
    if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0)
        return Failure{BH_E_INTERNAL, "signals", "cannot block signals"};
    const int fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return Failure{BH_E_INTERNAL, "signals", std::string{"cannot make a signalfd: "} + std::strerror(errno)};
    return fd;
}

void announce_ready() {
    std::puts("ready");
    std::fflush(stdout);
    notify_supervisor("READY=1");
}

Result<uid_t> user_id(std::string_view text, std::string_view field) {
    unsigned long value = 0;
    if (number(text, value)) return static_cast<uid_t>(value);
    if (const passwd* entry = ::getpwnam(std::string{text}.c_str()); entry != nullptr) return entry->pw_uid;
    return nobody("user", text, field);
}

Result<gid_t> group_id(std::string_view text, std::string_view field) {
    unsigned long value = 0;
    if (number(text, value)) return static_cast<gid_t>(value);
    if (const group* entry = ::getgrnam(std::string{text}.c_str()); entry != nullptr) return entry->gr_gid;
    return nobody("group", text, field);
}

}  // namespace bh::ipc
