// The lifecycle's ports that need nothing but this machine: its clock, a TCP look at a VM's SSH port, the guest images.
#pragma once

#include "kernel/lifecycle/seams.hpp"

#include <memory>
#include <string>

namespace bh::daemon {

std::unique_ptr<life::Clock> make_system_clock();

// Reads one SSH identification line ("SSH-2.0-...", RFC 4253 section 4.2) and closes.
std::unique_ptr<life::ReachPort> make_tcp_reach();

// DIRECTORY/NAME/image.json; `path`, `kernel` and `initrd` inside it may be relative to that folder.
std::unique_ptr<life::ImagePort> make_image_directory(std::string directory);

}  // namespace bh::daemon
