#include "plugins/hypervisor-qemu/config.hpp"

namespace hypervisor_qemu {
namespace {

// Unix sockets are named at most 107 bytes, and RUN/OP_ID/console.sock takes up to 78 of them.
constexpr std::size_t kMaxRun = 50;

bh::Status check_directory(const char* field, const std::string& path) {
    if (path.size() > 1 && path.front() == '/' && path.back() != '/') return {};
    return bh::invalid("path", std::string{"/"} + field + " must be an absolute path without a / at its end");
}

}  // namespace

bh::Result<Config> read_config(std::string_view text) {
    auto config = bh::read_document<Config>(text);
    if (!config) return config.failure();
    if (auto good = check_directory("state", config->state); !good) return good.failure();
    if (auto good = check_directory("run", config->run); !good) return good.failure();
    if (config->run.size() > kMaxRun)
        return bh::invalid("path", "/run is longer than 50 bytes: the sockets below it would have too long names");
    if (config->accelerator == "auto") config->accelerator.clear();
    if (!config->accelerator.empty() && config->accelerator != "kvm" && config->accelerator != "tcg") {
        return bh::invalid("accelerator", "/accelerator must be auto, kvm or tcg");
    }
    if (config->shutdown_grace_s == 0) config->shutdown_grace_s = kDefaultGrace;
    return config;
}

}  // namespace hypervisor_qemu
