// TLS as a client, by OpenSSL: whom to trust, and one session. The only place that knows OpenSSL's TLS.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <memory>

using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

namespace bh::evm {

// Whom to trust, and the rules: TLS 1.2 or newer, the peer must show a certificate. Immutable; any thread may use it.
class TlsContext {
public:
    // `ca_file`: certificates in PEM to trust instead of the system's; empty: the system's. BH_E_UNAVAILABLE
    // "bad_ca_file".
    static Result<std::shared_ptr<const TlsContext>> make(const std::string& ca_file);

private:
    friend class TlsSession;
    struct Free {
        void operator()(SSL_CTX* context) const noexcept;
    };
    std::unique_ptr<SSL_CTX, Free> context_;
};

// A session over a connected non-blocking socket, which stays the caller's. One thread at a time.
class TlsSession {
public:
    // What a step came to. For kWantRead and kWantWrite: wait for the socket, then do the same again.
    enum class Step { kDone, kWantRead, kWantWrite, kClosed, kFailed };

    // `host`: the name or address that the peer's certificate must be for; a name is also told to the peer (SNI).
    static Result<TlsSession> make(const TlsContext& context, int socket, const std::string& host);

    Step handshake() noexcept;
    // `count` bytes were read or written with kDone. kClosed: the peer has said that nothing more comes.
    Step read(void* to, std::size_t size, std::size_t& count) noexcept;
    Step write(const void* from, std::size_t size, std::size_t& count) noexcept;

    // Whether a read would wait: the peer has neither said anything nor hung up.
    bool quiet() noexcept;

    // After kFailed: why, in OpenSSL's words.
    [[nodiscard]] std::string why() const;

private:
    Step step_of(int result) noexcept;
    struct Free {
        void operator()(SSL* session) const noexcept;
    };
    std::unique_ptr<SSL, Free> session_;
    unsigned long error_ = 0;
};

}  // namespace bh::evm
