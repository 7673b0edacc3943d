#include "plugins/chain-evm/rpc/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <array>

namespace bh::evm {
namespace {

std::string words_of(unsigned long error) {
    if (error == 0) return "the peer hung up";
    const char* const reason = ERR_reason_error_string(error);
    return reason != nullptr ? reason : "error " + std::to_string(error);
}

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

Failure no_tls() { return {BH_E_UNAVAILABLE, "no_tls", "TLS can't be used: " + words_of(ERR_get_error()), 0}; }

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
void TlsSession::Free::operator()(SSL* session) const noexcept { SSL_free(session); }

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const std::string& ca_file) {
    ERR_clear_error();
    auto made = std::make_shared<TlsContext>();
    made->context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* const context = made->context_.get();
    if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return no_tls();
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(context) != 1) return no_tls();
    } else if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
        return Failure{BH_E_UNAVAILABLE, "bad_ca_file",
                       "no certificates can be read from " + ca_file + " (" + words_of(ERR_get_error()) +
                           "); it must be PEM and readable for the plugin: in a worker, list it under `read` in "
                           "launch.yaml",
                       0};
    }
    return std::shared_ptr<const TlsContext>{std::move(made)};
}

Result<TlsSession> TlsSession::make(const TlsContext& context, int socket, const std::string& host) {
    ERR_clear_error();
    TlsSession made;
    made.session_.reset(SSL_new(context.context_.get()));
    SSL* const session = made.session_.get();
    if (session == nullptr || SSL_set_fd(session, socket) != 1) return no_tls();
    // RFC 6066, section 3: no address as a server's name.
    const bool good = is_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1
                                       : SSL_set1_host(session, host.c_str()) == 1 &&
                                             SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                                      const_cast<char*>(host.c_str())) == 1;
    if (!good) return no_tls();
    return made;
}

TlsSession::Step TlsSession::step_of(int result) noexcept {
    if (result > 0) return Step::kDone;
    switch (SSL_get_error(session_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return Step::kWantRead;
        case SSL_ERROR_WANT_WRITE:
            return Step::kWantWrite;
        case SSL_ERROR_ZERO_RETURN:
            return Step::kClosed;
        default:
            error_ = ERR_get_error();
            return Step::kFailed;
    }
}

TlsSession::Step TlsSession::handshake() noexcept {
    ERR_clear_error();
    return step_of(SSL_connect(session_.get()));
}

TlsSession::Step TlsSession::read(void* to, std::size_t size, std::size_t& count) noexcept {
    ERR_clear_error();
    return step_of(SSL_read_ex(session_.get(), to, size, &count));
}

TlsSession::Step TlsSession::write(const void* from, std::size_t size, std::size_t& count) noexcept {
    ERR_clear_error();
    return step_of(SSL_write_ex(session_.get(), from, size, &count));
}

bool TlsSession::quiet() noexcept {
    char byte = 0;
    std::size_t count = 0;
    ERR_clear_error();
    return step_of(SSL_peek_ex(session_.get(), &byte, 1, &count)) == Step::kWantRead;
}

std::string TlsSession::why() const {
    const long verified = SSL_get_verify_result(session_.get());
    return verified != X509_V_OK ? X509_verify_cert_error_string(verified) : words_of(error_);
}

}  // namespace bh::evm
