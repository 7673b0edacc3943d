#include "kernel/daemon/routes.hpp"
#include "kernel/lifecycle/query.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace bh::daemon {

// The console's document is a secret of the backend: only the connected descriptor leaves the daemon.
Result<Fd> open_console(Host& host, const std::string& vm) {
    const auto vms = life::list_vms(host.journal());
    if (!vms) return vms.failure();
    for (const auto& view : *vms) {
        if (view.vm.name != vm) continue;
        const auto console = host.registry().open_console(view.vm.instance, view.vm.vm);
        if (!console) return console.failure();
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (console->unix_path.empty() || console->unix_path.size() >= sizeof address.sun_path) {
            return Failure{BH_E_UNSUPPORTED, "console", "this hypervisor's console can't be relayed"};
        }
        std::memcpy(address.sun_path, console->unix_path.c_str(), console->unix_path.size() + 1);
        Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            return Failure{
                BH_E_UNAVAILABLE, "console",
                std::string{"the VM's console does not answer: "} + std::strerror(errno) + ": is the VM running?"};
        }
        return fd;
    }
    return Failure{BH_E_NOT_FOUND, "no_vm",
                   "there is no VM \"" + vm.substr(0, 64) + "\": `blockhost vm list` shows them"};
}

}  // namespace bh::daemon
