// blockhost-netd --config netd.yaml
#include "kernel/ipc/daemon.hpp"
#include "kernel/net/config.hpp"
#include "kernel/net/privileges.hpp"
#include "kernel/net/service.hpp"

#include <cstdio>
#include <exception>
#include <string_view>

using namespace bh;

namespace {

bh::Status serve(const std::string& config_path) {
    auto config = net::read_netd_config(config_path);
    if (!config) return config.failure();
    auto stop = ipc::stop_on_signals();
    if (!stop) return stop.failure();
    if (auto done = net::drop_privileges(config->run_as, config->group, config->socket); !done) return done.failure();
    auto network = net::Network::open(config->network);
    if (!network) return network.failure();
    if (auto done = network->start(); !done) return done.failure();
    ipc::ServerOptions options;
    options.path = config->socket;
    options.group = config->group.value_or(static_cast<gid_t>(-1));
    options.allowed = [kernel = config->kernel_user, launcher = config->launcher_user](const ipc::Peer& peer) {
        return peer.uid == kernel || peer.uid == launcher;
    };
    auto server = ipc::Server::listen(options, net::netd_verbs(*network, config->kernel_user, config->launcher_user));
    if (!server) return server.failure();
    ipc::announce_ready();
    server->run(*stop);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || std::string_view{argv[1]} != "--config") {
        std::fputs("usage: blockhost-netd --config FILE\n", stderr);
        return 2;
    }
    try {
        const auto done = serve(argv[2]);
        if (done) return 0;
        std::fprintf(stderr, "blockhost-netd: %s\n", done.failure().message.c_str());
    } catch (const std::exception& e) {
        std::fprintf(stderr, "blockhost-netd: internal error: %s\n", e.what());
    }
    return 1;
}
