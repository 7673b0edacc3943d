// Makes a process unable to do what a plugin must not do while it is loaded, or in a call that must not block: from
// then on such a system call ends the process, and its number is in the shared page.
#pragma once

#include "plugin-api/check/shared.hpp"

namespace bh::check {

enum class Quiet {
    no_effects,  // nothing written, made, started or sent; reading is allowed
    no_block     // nor anything that may wait: files, sockets, sleeps
};

// For the rest of the process; call it in a child. Throws std::runtime_error when the kernel refuses.
void be_quiet(Quiet how, Shared& shared);

std::string call_name(int number);

}  // namespace bh::check
