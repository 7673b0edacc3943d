// blockhost-plugin-check: see plugin-api/check/README.md.
#include "kernel/check/worker_mode.hpp"
#include "plugin-api/check/cli.hpp"

#include <filesystem>

namespace {

// Beside this program, as it is built and as the SDK is installed; or where the host's package has it.
std::string find_worker() {
    std::error_code ignored;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const auto beside = self.parent_path() / "blockhost-worker";
    if (!std::filesystem::exists(beside) && std::filesystem::exists("/usr/lib/blockhost/blockhost-worker"))
        return "/usr/lib/blockhost/blockhost-worker";
    return beside.string();
}

}  // namespace

int main(int argc, char** argv) {
    return bh::check::run_cli(argc, argv, {bh::check::in_process_mode(), bh::check::worker_mode(find_worker())});
}
