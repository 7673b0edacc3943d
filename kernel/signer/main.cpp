// blockhost-signer --config FILE            serves
// blockhost-signer keygen --config FILE     makes missing key files, prints the public parts as JSON
#include "kernel/ipc/daemon.hpp"
#include "kernel/signer/hardening.hpp"
#include "kernel/signer/verbs.hpp"
#include "kernel/worker/sandbox.hpp"
#include "plugin-api/documents/json.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>

using namespace bh;

namespace {

std::int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// Configuration read, privileges gone, nothing dumpable: from here on keys may be touched.
bh::Result<signer::SignerConfig> prepare(const std::string& path) {
    auto config = signer::read_signer_config(path);
    if (!config) return config.failure();
    const auto& keys = config->keys;
    std::vector<signer::OwnDirectory> directories{{config->socket, 0750}, {config->log, 0700}, {config->anchors, 0700},
                                                  {keys.agent, 0700},     {keys.server, 0700}, {keys.statement, 0700}};
    for (const auto& [scheme, path] : keys.codecs) directories.push_back({path, 0700});
    if (auto done = signer::become_user(config->run_as, config->group, directories); !done) return done.failure();
    // After the change of user, which makes a process dumpable again on some kernels.
    if (auto done = signer::harden(); !done) return done.failure();
    return config;
}

bh::Status serve(const std::string& path) {
    auto stop = ipc::stop_on_signals();
    if (!stop) return stop.failure();
    auto config = prepare(path);
    if (!config) return config.failure();
    // Looked at in a child, so before there is a key in this process.
    std::vector<signer::Codec> codecs;
    for (const auto& wanted : config->codecs) {
        auto codec = signer::Codec::open(wanted, config->codec_program);
        if (!codec) return codec.failure();
        codecs.push_back(std::move(*codec));
    }
    if (codecs.empty()) {
        // Only a codec needs what the unit allows for its sandbox: namespaces, mounts, other programs' system calls.
        if (const char* failed = worker::restrict_tool_calls(); failed != nullptr)
            return Failure{BH_E_DENIED, "privileges",
                           std::string{"cannot give up system calls: "} + failed + " (" + std::strerror(errno) + ")"};
    }
    auto keys = signer::read_keyring(config->keys);
    if (!keys) return keys.failure();
    auto log = signer::AuditLog::open(config->log);
    if (!log) return log.failure();
    auto anchors = signer::AnchorLog::open(config->anchors, unix_now);
    if (!anchors) return anchors.failure();
    ipc::ServerOptions options;
    options.path = config->socket;
    options.group = config->group.value_or(static_cast<gid_t>(-1));
    options.allowed = [peers = config->peers](const ipc::Peer& peer) {
        return std::find(peers.begin(), peers.end(), peer.uid) != peers.end();
    };
    signer::Signer core{std::move(*config), std::move(*keys), std::move(*log), unix_now, std::move(codecs)};
    auto verbs = signer::signer_verbs(core);
    verbs.merge(signer::anchor_verbs(*anchors));
    auto server = ipc::Server::listen(options, std::move(verbs));
    if (!server) return server.failure();
    ipc::announce_ready();
    server->run(*stop);
    return {};
}

bh::Status keygen(const std::string& path) {
    auto config = prepare(path);
    if (!config) return config.failure();
    const auto made = signer::create_missing_keys(config->keys);
    if (!made) return made.failure();
    const auto keys = signer::read_keyring(config->keys);
    if (!keys) return keys.failure();
    const auto point = [](const signer::Keyring::Point& key) {
        return nlohmann::ordered_json{{"public_key", bh::crypto::hex0x(key.public_key.point())},
                                      {"address", key.address.text()}};
    };
    nlohmann::ordered_json answer{{"made", *made},
                                  {"agent", point(keys->agent)},
                                  {"server", point(keys->server)},
                                  {"statement", {{"public_key", bh::crypto::hex0x(keys->statement_public)}}}};
    for (const auto& [scheme, key] : keys->codecs) answer[scheme] = point(key);
    std::puts(answer.dump(2).c_str());
    return {};
}

int usage() {
    std::fputs("usage: blockhost-signer [keygen] --config FILE\n", stderr);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    const bool make_keys = argc == 4 && std::string_view{argv[1]} == "keygen";
    if (!make_keys && argc != 3) return usage();
    if (std::string_view{argv[argc - 2]} != "--config") return usage();
    try {
        const bh::Status done = make_keys ? keygen(argv[argc - 1]) : serve(argv[argc - 1]);
        if (done) return 0;
        std::fprintf(stderr, "blockhost-signer: %s\n", done.failure().message.c_str());
    } catch (const std::exception& e) {
        std::fprintf(stderr, "blockhost-signer: internal error: %s\n", e.what());
    }
    return 1;
}
