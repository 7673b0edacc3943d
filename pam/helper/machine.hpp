// What /proc says about this machine for `hello`.
#pragma once

#include "pam/helper/answers.hpp"

namespace bh::guest {

Machine look_at_machine();

// Does a line of /proc/net/tcp or tcp6 say that something listens on port 22?
bool listens_on_ssh(std::string_view proc_net_tcp);

}  // namespace bh::guest
