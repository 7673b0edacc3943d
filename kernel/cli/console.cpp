// `blockhost vm console`: relays the terminal to a VM's serial console. The daemon opens the console's socket and hands
// over the descriptor, so its path and right are the daemon's alone.
#include "kernel/cli/commands.hpp"
#include "kernel/ipc/client.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>

namespace bh::cli {
namespace {

constexpr char kLeave = 0x1d;  // Ctrl-]

// The terminal without line editing and echo, for as long as this lives.
class RawTerminal {
public:
    RawTerminal() : active_{::tcgetattr(STDIN_FILENO, &before_) == 0} {
        if (!active_) return;
        termios raw = before_;
        ::cfmakeraw(&raw);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    ~RawTerminal() {
        if (active_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    }

private:
    termios before_{};
    bool active_;
};

bool write_all(int fd, const char* data, std::size_t size) {
    while (size > 0) {
        const ssize_t n = ::write(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

// Copies what is there. False: this side has ended, or the person asked to leave.
bool copy(int from, int to, bool from_terminal) {
    std::array<char, 4096> buffer{};
    const ssize_t n = ::read(from, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) return true;
    if (n <= 0) return false;
    const auto size = static_cast<std::size_t>(n);
    if (from_terminal && std::string_view{buffer.data(), size}.find(kLeave) != std::string_view::npos) return false;
    return write_all(to, buffer.data(), size);
}

void relay(int console) {
    const RawTerminal raw;
    for (;;) {
        std::array<pollfd, 2> fds{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{console, POLLIN, 0}};
        if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
        if (fds[1].revents != 0 && !copy(console, STDOUT_FILENO, false)) return;
        if (fds[0].revents != 0 && !copy(STDIN_FILENO, console, true)) return;
    }
}

}  // namespace

int vm_console(const Context& context, const std::string& name) {
    ipc::Client control{context.control_socket, "blockhostd"};
    auto answer = control.call("console_open", {{"vm", name}});
    if (!answer) return report(context, answer.failure());
    if (answer->fds.size() != 1) return report(context, {BH_E_INTERNAL, "console", "the daemon gave no console"});
    std::cerr << "Console of " << name << ". Leave with Ctrl-].\n";
    relay(answer->fds[0].get());
    std::cerr << "\nConsole closed.\n";
    return kDone;
}

}  // namespace bh::cli
