#include "plugins/chain-evm/rpc/stream.hpp"

#include <boost/asio/error.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace bh::evm {
namespace {

namespace error_of = boost::asio::error;

boost::system::error_code system_error(int number) { return {number, boost::system::system_category()}; }

}  // namespace

bool Stream::wait(short events, ErrorCode& error) const {
    for (;;) {
        const auto now = std::chrono::steady_clock::now();
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now).count();
        if (left <= 0) {
            error = error_of::timed_out;
            return false;
        }
        pollfd ready{socket_.get(), events, 0};
        const int count = ::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
        if (count > 0) return true;
        if (count < 0 && errno != EINTR) {
            error = system_error(errno);
            return false;
        }
    }
}

bool Stream::wait(TlsSession::Step step, ErrorCode& error) const {
    switch (step) {
        case TlsSession::Step::kWantRead:
            return wait(short{POLLIN}, error);
        case TlsSession::Step::kWantWrite:
            return wait(short{POLLOUT}, error);
        case TlsSession::Step::kClosed:
            error = error_of::eof;
            return false;
        default:
            error = error_of::connection_reset;
            return false;
    }
}

Status Stream::start_tls(const TlsContext& context, const std::string& host) {
    Result<TlsSession> session = TlsSession::make(context, socket_.get(), host);
    if (!session) return session.failure();
    for (;;) {
        const TlsSession::Step step = session->handshake();
        if (step == TlsSession::Step::kDone) break;
        ErrorCode error;
        if (wait(step, error)) continue;
        if (error == error_of::timed_out) {
            return Failure{BH_E_UNAVAILABLE, "connect_timeout", "no TLS handshake in time", 0};
        }
        return Failure{BH_E_UNAVAILABLE, "tls", session->why(), 0};
    }
    tls_.emplace(std::move(*session));
    return {};
}

std::size_t Stream::read(void* to, std::size_t size, ErrorCode& error) {
    for (;;) {
        if (tls_) {
            std::size_t count = 0;
            const TlsSession::Step step = tls_->read(to, size, count);
            if (step == TlsSession::Step::kDone) return count;
            if (!wait(step, error)) return 0;
            continue;
        }
        const ssize_t count = ::recv(socket_.get(), to, size, 0);
        if (count > 0) return static_cast<std::size_t>(count);
        if (count == 0) {
            error = error_of::eof;
            return 0;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) {
            error = system_error(errno);
            return 0;
        }
        if (!wait(short{POLLIN}, error)) return 0;
    }
}

std::size_t Stream::write(const void* from, std::size_t size, ErrorCode& error) {
    for (;;) {
        if (tls_) {
            std::size_t count = 0;
            const TlsSession::Step step = tls_->write(from, size, count);
            if (step == TlsSession::Step::kDone) return count;
            if (!wait(step, error)) return 0;
            continue;
        }
        const ssize_t count = ::send(socket_.get(), from, size, MSG_NOSIGNAL);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno == EINTR) continue;
        if (errno != EAGAIN) {
            error = system_error(errno);
            return 0;
        }
        if (!wait(short{POLLOUT}, error)) return 0;
    }
}

bool Stream::quiet() noexcept {
    // Tickets for later sessions, which a server may send at any time, are no word to us.
    if (tls_) return tls_->quiet();
    char byte = 0;
    return ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

void Stream::cut() noexcept { (void)::shutdown(socket_.get(), SHUT_RDWR); }

}  // namespace bh::evm
