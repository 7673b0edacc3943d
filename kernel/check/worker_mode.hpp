// The mode "worker" of blockhost-plugin-check: the kernel's own proxy and sandbox, with a starter in the place of the
// launcher. See plugin-api/check/README.md for what is different from a host.
#pragma once

#include "plugin-api/check/subject.hpp"

namespace bh::check {

// `program`: blockhost-worker. That it is not there is told when a plugin is brought up.
Mode worker_mode(std::string program);

}  // namespace bh::check
