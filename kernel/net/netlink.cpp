#include "kernel/net/netlink.hpp"

#include <libmnl/libmnl.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace bh::net {
namespace {

constexpr std::size_t kReceiveBuffer = std::size_t{64} * 1024;
constexpr int kDumpTries = 50;

const AttributeVisitor* visitor_of(void* data) { return static_cast<const AttributeVisitor*>(data); }

int visit_attribute(const nlattr* attribute, void* data) {
    const auto* payload = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
    (*visitor_of(data))(mnl_attr_get_type(attribute), {payload, mnl_attr_get_payload_len(attribute)});
    return MNL_CB_OK;
}

int visit_message(const nlmsghdr* message, void* data) {
    (*static_cast<const std::function<void(const nlmsghdr*)>*>(data))(message);
    return MNL_CB_OK;
}

}  // namespace

Message::Message(std::uint16_t type, std::uint16_t flags, const void* header, std::size_t size) {
    nlmsghdr* h = mnl_nlmsg_put_header(buffer_.data());
    h->nlmsg_type = type;
    h->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    std::memcpy(mnl_nlmsg_put_extra_header(h, size), header, size);
}

Message& Message::put(std::uint16_t type, std::span<const std::uint8_t> bytes) {
    mnl_attr_put(header(), type, bytes.size(), bytes.data());
    return *this;
}

Message& Message::put_text(std::uint16_t type, std::string_view text) {
    mnl_attr_put_strz(header(), type, std::string{text}.c_str());
    return *this;
}

Message& Message::put_u8(std::uint16_t type, std::uint8_t value) {
    mnl_attr_put_u8(header(), type, value);
    return *this;
}

Message& Message::put_u32(std::uint16_t type, std::uint32_t value) {
    mnl_attr_put_u32(header(), type, value);
    return *this;
}

Message& Message::nest(std::uint16_t type, const std::function<void(Message&)>& fill) {
    nlattr* outer = mnl_attr_nest_start(header(), type);
    fill(*this);
    mnl_attr_nest_end(header(), outer);
    return *this;
}

void for_each_attribute(const nlmsghdr* message, std::size_t header_size, const AttributeVisitor& visit) {
    mnl_attr_parse(message, static_cast<unsigned>(header_size), visit_attribute, const_cast<AttributeVisitor*>(&visit));
}

void for_each_nested(std::span<const std::uint8_t> payload, const AttributeVisitor& visit) {
    mnl_attr_parse_payload(payload.data(), payload.size(), visit_attribute, const_cast<AttributeVisitor*>(&visit));
}

std::uint32_t u32_of(std::span<const std::uint8_t> payload) {
    std::uint32_t value = 0;
    if (payload.size() == sizeof value) std::memcpy(&value, payload.data(), sizeof value);
    return value;
}

std::string_view text_of(std::span<const std::uint8_t> payload) {
    const auto* text = reinterpret_cast<const char*>(payload.data());
    return {text, ::strnlen(text, payload.size())};
}

void Netlink::Close::operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }

Netlink::Netlink(Socket socket) : socket_{std::move(socket)} {}

int Netlink::connect(Socket& socket) {
    socket.reset(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) return errno;
    return 0;
}

Result<Netlink> Netlink::open() {
    Socket socket;
    if (const int error = connect(socket); error != 0) return netlink_failure("open a rtnetlink socket", error);
    return Netlink{std::move(socket)};
}

int Netlink::execute(Message& message) {
    nlmsghdr* h = message.header();
    h->nlmsg_flags |= NLM_F_ACK;
    h->nlmsg_seq = ++sequence_;
    const unsigned port = mnl_socket_get_portid(socket_.get());
    if (mnl_socket_sendto(socket_.get(), h, h->nlmsg_len) < 0) return errno;
    std::string buffer(kReceiveBuffer, '\0');
    for (;;) {
        const auto size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return errno;
        const int result = mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), sequence_, port, nullptr, nullptr);
        if (result < 0) return errno;
        if (result == MNL_CB_STOP) return 0;
    }
}

int Netlink::dump(Message& message, const std::function<void()>& restart,
                  const std::function<void(const nlmsghdr*)>& visit) {
    int error = EINTR;
    for (int i = 0; i < kDumpTries && error == EINTR; ++i) {
        restart();
        error = dump_once(message, visit);
    }
    return error;
}

int Netlink::dump_once(Message& message, const std::function<void(const nlmsghdr*)>& visit) {
    // A socket for this dump alone: what is left unread of one that was interrupted can't disturb anything later.
    Socket socket;
    if (const int error = connect(socket); error != 0) return error;
    nlmsghdr* h = message.header();
    h->nlmsg_flags |= NLM_F_DUMP;
    h->nlmsg_seq = ++sequence_;
    const unsigned port = mnl_socket_get_portid(socket.get());
    if (mnl_socket_sendto(socket.get(), h, h->nlmsg_len) < 0) return errno;
    std::string buffer(kReceiveBuffer, '\0');
    for (;;) {
        const auto size = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return errno;
        const int result = mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), sequence_, port, visit_message,
                                      const_cast<std::function<void(const nlmsghdr*)>*>(&visit));
        if (result < 0) return errno;  // EINTR: something changed meanwhile, the dump is not consistent
        if (result == MNL_CB_STOP) return 0;
    }
}

Failure netlink_failure(std::string_view what, int error) {
    const std::string message = "cannot " + std::string{what} + ": " + std::strerror(error);
    switch (error) {
        case EPERM:
        case EACCES:
            return {BH_E_DENIED, "not_permitted", message + "; netd needs CAP_NET_ADMIN"};
        case ENOBUFS:
        case ENOMEM:
            return {BH_E_EXHAUSTED, "kernel_memory", message};
        case EBUSY:
            return {BH_E_BUSY, "busy", message, 200};
        default:
            return {BH_E_UNAVAILABLE, "netlink", message};
    }
}

}  // namespace bh::net
