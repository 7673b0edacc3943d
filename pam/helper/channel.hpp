// The guest's end of the guest channel (plugin-api/formats/guest-frame-1.md).
#pragma once

#include "pam/helper/answers.hpp"
#include "plugin-api/documents/result.hpp"
#include "plugin-api/formats/guest/guest_frame.hpp"

#include <functional>

namespace bh::guest {

// The device of the virtio-serial port with this name, found in sysfs: udev's link comes later in the boot.
Result<std::string> find_port(const std::string& name);

// Answers requests from `fd` until `ended()`; blocks in between. `fd` must be non-blocking.
class Channel {
public:
    using Answer = std::function<std::string(std::string_view)>;
    Channel(int fd, Answer answer) : fd_{fd}, answer_{std::move(answer)} {}

    // Waits at most `wait_ms` for bytes and answers what is complete. BH_E_UNAVAILABLE "channel" when the port broke.
    Status step(int wait_ms);

private:
    void handle(std::string_view bytes);
    // Drops the rest when the host does not read: it asks again, and a cut frame costs only itself.
    void send(std::string_view bytes) const;

    int fd_;
    Answer answer_;
    guest_frame::Decoder decoder_;
};

}  // namespace bh::guest
