// A client of QEMU's monitor (QMP) for one command at a time: connects, speaks, leaves. QEMU serves one client per
// socket; who calls sees to it that there is one. Nothing blocks longer than kQmpTime.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugins/hypervisor-qemu/socket.hpp"

#include <string>

namespace hypervisor_qemu {

inline constexpr auto kQmpTime = std::chrono::milliseconds{3000};

class Qmp {
public:
    // BH_E_UNAVAILABLE: nobody answers as QEMU does.
    static bh::Result<Qmp> connect(const std::string& socket);

    // The "return" of the command. BH_E_UNKNOWN_OUTCOME: sent, and no answer came.
    bh::Result<nlohmann::json> execute(const char* command);

private:
    Qmp(Socket socket, Deadline deadline) : socket_{std::move(socket)}, deadline_{deadline} {}
    bh::Result<nlohmann::json> next();  // the next message that is no event
    Socket socket_;
    Deadline deadline_;
    std::string pending_;
};

// The most common case: connect, one command, leave.
bh::Result<nlohmann::json> qmp(const std::string& socket, const char* command);

}  // namespace hypervisor_qemu
