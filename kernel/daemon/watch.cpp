#include "kernel/daemon/watch.hpp"

#include "kernel/ipc/daemon.hpp"

#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <string_view>

namespace bh::daemon {
namespace {

namespace asio = boost::asio;

std::chrono::microseconds watchdog_interval() {
    const char* text = std::getenv("WATCHDOG_USEC");
    if (text == nullptr) return {};
    const std::string_view digits{text};
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return std::chrono::microseconds{value / 2};
}

void feed(asio::steady_timer& timer, std::chrono::microseconds interval, const std::function<bool()>& alive) {
    timer.expires_after(interval);
    timer.async_wait([&timer, interval, &alive](const boost::system::error_code& error) {
        if (error) return;
        if (alive()) ipc::notify_supervisor("WATCHDOG=1");
        feed(timer, interval, alive);
    });
}

}  // namespace

void run_until_stopped(int stop, const std::function<bool()>& alive) {
    asio::io_context context{1};
    // A duplicate: the caller keeps its own descriptor.
    asio::posix::stream_descriptor stopped{context, ::dup(stop)};
    stopped.async_wait(asio::posix::stream_descriptor::wait_read,
                       [&context](const boost::system::error_code&) { context.stop(); });
    asio::steady_timer timer{context};
    if (const auto interval = watchdog_interval(); interval.count() > 0) feed(timer, interval, alive);
    context.run();
}

}  // namespace bh::daemon
