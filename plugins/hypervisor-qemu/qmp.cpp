#include "plugins/hypervisor-qemu/qmp.hpp"

namespace hypervisor_qemu {
namespace {

constexpr std::size_t kMaxMessage = std::size_t{1} << 20;

bh::Failure not_qmp(const std::string& what) {
    return {BH_E_UNAVAILABLE, "qmp", "the monitor says nothing that makes sense: " + what, 1000};
}

}  // namespace

bh::Result<nlohmann::json> Qmp::next() {
    for (;;) {
        const std::size_t end = pending_.find('\n');
        if (end == std::string::npos) {
            if (pending_.size() > kMaxMessage) return not_qmp("a message of more than 1 MiB");
            if (auto got = socket_.receive(pending_, deadline_); !got) return got.failure();
            continue;
        }
        nlohmann::json message = nlohmann::json::parse(
            pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
        pending_.erase(0, end + 1);
        if (!message.is_object()) return not_qmp("no JSON object");
        if (!message.contains("event")) return message;
    }
}

bh::Result<Qmp> Qmp::connect(const std::string& path) {
    auto socket = Socket::connect(path);
    if (!socket) return socket.failure();
    Qmp qmp{std::move(*socket), std::chrono::steady_clock::now() + kQmpTime};
    // A second client gets no greeting until the first has left.
    auto greeting = qmp.next();
    if (!greeting)
        return bh::Failure{BH_E_UNAVAILABLE, "qmp",
                           path + ": the monitor does not greet (" + greeting.failure().message + ")", 1000};
    if (!greeting->contains("QMP")) return not_qmp("no greeting");
    if (auto ready = qmp.execute("qmp_capabilities"); !ready) return ready.failure();
    return qmp;
}

bh::Result<nlohmann::json> Qmp::execute(const char* command) {
    if (auto sent = socket_.send(nlohmann::json{{"execute", command}}.dump() + "\n", deadline_); !sent)
        return sent.failure();
    auto answer = next();
    if (!answer)
        return bh::Failure{BH_E_UNKNOWN_OUTCOME, "qmp", std::string{"the monitor gave no answer to "} + command, 1000};
    if (answer->contains("return")) return (*answer)["return"];
    const auto error = answer->find("error");
    const std::string text =
        error != answer->end() && error->is_object() ? error->value("desc", "no reason") : "no reason";
    return bh::Failure{BH_E_UNAVAILABLE, "qmp", std::string{"QEMU refused "} + command + ": " + text, 1000};
}

bh::Result<nlohmann::json> qmp(const std::string& path, const char* command) {
    auto monitor = Qmp::connect(path);
    if (!monitor) return monitor.failure();
    return monitor->execute(command);
}

}  // namespace hypervisor_qemu
