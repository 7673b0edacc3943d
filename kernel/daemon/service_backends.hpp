// The plugins' key-value store over the journal, and the launch service over blockhost-launch with the kernel's own
// check: a unit belongs to a VM that the instance holds, and touches only that VM's tap, run directory and volumes.
// Workers are started by blockhost-launch, too.
#pragma once

#include "kernel/journal/journal.hpp"
#include "kernel/plugins/services.hpp"
#include "kernel/worker/process.hpp"

#include <memory>
#include <string>

namespace bh::daemon {

std::unique_ptr<plugins::StoreBackend> make_store_backend(life::Journal& journal);
std::unique_ptr<plugins::LaunchBackend> make_launch_backend(life::Journal& journal, std::string launch_socket,
                                                            std::string run_directory);
std::unique_ptr<worker::Starter> make_worker_starter(std::string launch_socket);

}  // namespace bh::daemon
