// Makes this machine the VM that its seed describes, in two parts. `setup` is all that sshd and the network need,
// before they start; `finish` is the rest and makes it final. Both may be cut at any point and run again.
#pragma once

#include "pam/guest/first_boot.hpp"
#include "pam/guest/places.hpp"

namespace bh::guest {

// At each boot. A seed with a new instance-id: host name, host key, network files; then, always, the network itself.
Status setup(const Places& places);

// After setup(): the login user and its rights; then first-boot becomes valid. Nothing to do: OK.
Status finish(const Places& places);

}  // namespace bh::guest
