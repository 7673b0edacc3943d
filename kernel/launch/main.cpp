// blockhost-launch: starts what must outlive the daemon, each under a uid of its own. README.md.

#include "kernel/ipc/daemon.hpp"
#include "kernel/ipc/server.hpp"
#include "kernel/launch/privileges.hpp"
#include "kernel/launch/service.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace {

using namespace bh;
using namespace bh::launch;

int complain(const bh::Failure& failure) {
    std::fprintf(stderr, "blockhost-launch: %s\n", failure.message.c_str());
    return 1;
}

// The directory of the socket: root's, the kernel's group may look into it.
bh::Status make_socket_directory(const std::string& socket, gid_t group) {
    const std::string directory = std::filesystem::path{socket}.parent_path();
    if ((::mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) || ::chown(directory.c_str(), 0, group) != 0 ||
        ::chmod(directory.c_str(), 0750) != 0) {
        return bh::Failure{BH_E_UNAVAILABLE, "run",
                           directory + ": cannot make it (" + std::strerror(errno) + "): does its parent exist?"};
    }
    return {};
}

std::string beside_this_program(const char* name) {
    char self[PATH_MAX];
    const ssize_t size = ::readlink("/proc/self/exe", self, sizeof self);
    return size > 0 ? (std::filesystem::path{std::string{self, static_cast<std::size_t>(size)}}.parent_path() / name)
                          .string()
                    : name;
}

// Directories of units below the run directory are gone after a reboot: the kernel's group may make and remove things
// in them, the units' users pass through.
bh::Status make_run_directories(const LaunchConfig& config) {
    const std::string run = std::filesystem::path{config.socket}.parent_path().parent_path();
    for (const auto& [name, instance] : config.instances) {
        for (const auto& directory : instance.directories) {
            if (!directory.starts_with(run + "/") || ::mkdir(directory.c_str(), 0700) != 0) continue;
            if (::chown(directory.c_str(), 0, config.kernel_gid) != 0 || ::chmod(directory.c_str(), 02771) != 0) {
                return bh::Failure{BH_E_UNAVAILABLE, "run",
                                   directory + ": cannot set its mode (" + std::strerror(errno) + ")"};
            }
        }
    }
    return {};
}

int serve(const char* config_path) {
    auto stop = ipc::stop_on_signals();
    if (!stop) return complain(stop.failure());
    auto config = read_launch_config(config_path);
    if (!config) return complain(config.failure());
    auto registry = Registry::open(config->state);
    if (!registry) return complain(registry.failure());
    if (auto made = make_socket_directory(config->socket, config->kernel_gid); !made) return complain(made.failure());
    if (auto made = make_run_directories(*config); !made) return complain(made.failure());
    const std::string supervisor = beside_this_program("blockhost-supervise");
    Limits limits = Limits::find(config->cgroup);
    if (auto dropped = drop_privileges(config->kernel_gid); !dropped) return complain(dropped.failure());
    std::fprintf(stderr, "blockhost-launch: limits: %s (%s)\n", limits.kind().c_str(), limits.explanation().c_str());

    const uid_t kernel = config->kernel_uid;
    ipc::ServerOptions options{config->socket, 0660, config->kernel_gid,
                               [kernel](const ipc::Peer& peer) { return peer.uid == kernel; }, true};
    Service service{std::move(*config), std::move(*registry), std::move(limits), supervisor,
                    beside_this_program("blockhost-worker")};
    auto server = ipc::Server::listen(std::move(options), service.verbs());
    if (!server) return complain(server.failure());
    ipc::announce_ready();
    server->run(*stop);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || std::string_view{argv[1]} != "--config") {
        std::fprintf(stderr, "usage: blockhost-launch --config launch.yaml\n");
        return 2;
    }
    return serve(argv[2]);
}
