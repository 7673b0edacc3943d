// A guest without QEMU: a network namespace with a real Linux stack behind `eth0`, joined to the host's tap by a patch
// cable in this process. The descriptor that QEMU would have is held here, so a test can also put any frame on the
// cable, as a hostile guest could, and see each frame that the host sent to the guest.
#pragma once

#include "tests/net/frame.hpp"
#include "tests/net/space.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace bh::nettest {

class Guest {
public:
    // `host_end` is what tap_open gave.
    Guest(Fd host_end, const std::string& mac, const std::string& address);
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;
    ~Guest();

    [[nodiscard]] const Space& space() const { return space_; }

    // Puts a frame on the cable, towards the host.
    void inject(const Frame& frame) const;

    // Waits for a frame from the host that fits; false after ten seconds.
    bool receives(const std::function<bool(const Frame&)>& fits);
    // Did one arrive so far.
    bool received(const std::function<bool(const Frame&)>& fits);

private:
    void carry();

    Space space_;
    Fd host_end_, guest_end_, stop_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<Frame> from_host_;
    std::thread cable_;
};

}  // namespace bh::nettest
