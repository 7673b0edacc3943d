// rtnetlink through libmnl: the only place that knows that library. A Message is built, then executed (the kernel says
// yes or an errno) or used as a dump request. Thread-compatible.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <linux/netlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

struct mnl_socket;

namespace bh::net {

class Message {
public:
    // `header` is the family's own header (ifinfomsg, rtmsg ...), copied.
    template <class Header>
    Message(std::uint16_t type, std::uint16_t flags, const Header& header)
        : Message{type, flags, &header, sizeof header} {}

    Message& put(std::uint16_t type, std::span<const std::uint8_t> bytes);
    Message& put_text(std::uint16_t type, std::string_view text);  // NUL-terminated
    Message& put_u8(std::uint16_t type, std::uint8_t value);
    Message& put_u32(std::uint16_t type, std::uint32_t value);
    // Attributes put by `fill` are inside an attribute of this type.
    Message& nest(std::uint16_t type, const std::function<void(Message&)>& fill);

    nlmsghdr* header() noexcept { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

private:
    Message(std::uint16_t type, std::uint16_t flags, const void* header, std::size_t size);
    alignas(nlmsghdr) std::array<char, 1024> buffer_{};
};

// The attributes behind a family header of `header_size` bytes: visit(type, payload).
using AttributeVisitor = std::function<void(std::uint16_t, std::span<const std::uint8_t>)>;
void for_each_attribute(const nlmsghdr* message, std::size_t header_size, const AttributeVisitor& visit);
void for_each_nested(std::span<const std::uint8_t> payload, const AttributeVisitor& visit);
std::uint32_t u32_of(std::span<const std::uint8_t> payload);
std::string_view text_of(std::span<const std::uint8_t> payload);

class Netlink {
public:
    static Result<Netlink> open();

    // 0, or the errno that the kernel answered.
    int execute(Message& message);
    // Calls `visit` for each object. A dump that was interrupted by a change is done again, so collect into something
    // that `restart` empties. 0 or an errno.
    int dump(Message& message, const std::function<void()>& restart, const std::function<void(const nlmsghdr*)>& visit);

private:
    struct Close {
        void operator()(mnl_socket* socket) const noexcept;
    };
    using Socket = std::unique_ptr<mnl_socket, Close>;
    explicit Netlink(Socket socket);
    static int connect(Socket& socket);  // 0 or an errno
    int dump_once(Message& message, const std::function<void(const nlmsghdr*)>& visit);

    Socket socket_;
    std::uint32_t sequence_ = 0;
};

// "cannot WHAT: reason", with the code that the errno stands for.
Failure netlink_failure(std::string_view what, int error);

}  // namespace bh::net
