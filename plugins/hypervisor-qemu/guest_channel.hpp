// One exchange with the helper in a guest, over its virtio-serial port: guest-frame-1. Carries bytes, reads none.
#pragma once

#include "plugins/hypervisor-qemu/socket.hpp"

#include "plugin-api/documents/common.hpp"
#include "plugin-api/formats/guest/guest_frame.hpp"

namespace hypervisor_qemu {

// The connection stays open between exchanges: each close would look to the guest as if the host had gone. One at a
// time.
class GuestChannel {
public:
    // The payload of the answer. BH_E_UNAVAILABLE: no helper answers. `wake`: as Socket::receive().
    bh::Result<bh::Bytes> exchange(const std::string& path, const bh::Bytes& request, Deadline deadline, int wake);

    void close() { socket_.close(); }

private:
    bh::Result<bh::Bytes> ask(const std::string& frame, std::uint64_t nonce, Deadline deadline, int wake);
    Socket socket_;
    bh::guest_frame::Decoder decoder_;
};

}  // namespace hypervisor_qemu
