// blockhost-guest: what the host needs inside a guest (README.md).
//
//   blockhost-guest setup     before sshd, at each boot: applies the seed if it is new, brings the network up
//   blockhost-guest serve     completes the first boot, then answers the host on the guest channel
//   blockhost-guest version
#include "pam/helper/channel.hpp"
#include "pam/helper/machine.hpp"
#include "pam/helper/setup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>

namespace bh::guest {
namespace {

constexpr const char* kPort = "org.blockhost.guest.0";
constexpr int kStepMs = 1000;

volatile std::sig_atomic_t g_ended = 0;

int report(const Failure& failure) {
    std::fprintf(stderr, "blockhost-guest: %s\n", failure.message.c_str());
    return 1;
}

int serve(const Places& places) {
    // Reported and not fatal: the host learns from `hello`, whose vm is then empty.
    if (const Status finished = finish(places); !finished) report(finished.failure());
    const Result<std::string> device = find_port(kPort);
    if (!device) return report(device.failure());
    const int fd = ::open(device->c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return report({BH_E_UNAVAILABLE, "channel", *device + ": " + std::strerror(errno)});
    Channel channel{fd,
                    [&places](std::string_view request) { return answer_request(places, look_at_machine, request); }};
    int code = 0;
    while (g_ended == 0 && code == 0) {
        if (const Status step = channel.step(kStepMs); !step) code = report(step.failure());
    }
    ::close(fd);
    return code;
}

int main_of(int argc, char** argv) {
    const std::string_view command = argc == 2 ? argv[1] : "";
    const Places places;
    if (command == "setup") {
        const Status done = setup(places);
        return done ? 0 : report(done.failure());
    }
    if (command == "serve") {
        struct sigaction action{};
        action.sa_handler = [](int) { g_ended = 1; };
        ::sigaction(SIGTERM, &action, nullptr);
        ::sigaction(SIGINT, &action, nullptr);
        return serve(places);
    }
    if (command == "version") {
        std::puts(BLOCKHOST_VERSION);
        return 0;
    }
    std::fputs("usage: blockhost-guest setup|serve|version\n", stderr);
    return 2;
}

}  // namespace
}  // namespace bh::guest

int main(int argc, char** argv) {
    try {
        return bh::guest::main_of(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "blockhost-guest: internal error: %s\n", error.what());
        return 1;
    }
}
