#include "kernel/daemon/program.hpp"

#include "kernel/api/server.hpp"
#include "kernel/daemon/host.hpp"
#include "kernel/daemon/routes.hpp"
#include "kernel/daemon/watch.hpp"
#include "kernel/ipc/args.hpp"
#include "kernel/ipc/daemon.hpp"
#include "kernel/ipc/server.hpp"

#include <malloc.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <thread>

namespace bh::daemon {
namespace {

constexpr std::chrono::milliseconds kResealEvery{500};

// Some thirty threads, most of which sleep: with an arena each, what one has freed is of no use to another. And what is
// freed goes back to the system; by default glibc keeps ever larger blocks once one was freed.
void keep_memory_small() {
    constexpr int kArenas = 2;
    constexpr int kReturnBytes = 128 * 1024;
    ::mallopt(M_ARENA_MAX, kArenas);
    ::mallopt(M_MMAP_THRESHOLD, kReturnBytes);
    ::mallopt(M_TRIM_THRESHOLD, kReturnBytes);
}

// The control socket beside the API's: what needs a descriptor.
Result<ipc::Server> control_server(Host& host, gid_t group) {
    std::map<std::string, ipc::Verb> verbs;
    verbs["console_open"] = {[&host](ipc::Request& request) -> Result<ipc::Reply> {
                                 ipc::Args args{request.args};
                                 const auto vm = args.text("vm", 64);
                                 if (auto bad = args.finish(); !bad) return bad.failure();
                                 auto fd = open_console(host, vm);
                                 if (!fd) return fd.failure();
                                 ipc::Reply reply;
                                 reply.fds.push_back(std::move(*fd));
                                 return reply;
                             },
                             {}};
    return ipc::Server::listen({host.config().sockets.api + ".control", 0660, group, {}, true}, std::move(verbs));
}

Status serve(const std::string& config_path, const std::string& plugins_path, Log& log, life::Boundaries& boundaries) {
    // Before any thread: every thread of the daemon leaves the signals to this descriptor.
    const auto stop = ipc::stop_on_signals();
    if (!stop) return stop.failure();
    auto config = read_kernel_config(config_path);
    if (!config) return config.failure();
    auto plugins = read_plugin_configs(plugins_path);
    if (!plugins) return plugins.failure();
    const auto group = ipc::group_id(config->host.group, "host.group");
    if (!group) return group.failure().within(config_path);

    const trust::Trust trust{trust::places_of(config_path, plugins_path, config->paths.plugins)};
    auto host = Host::make(std::move(*config), *plugins, trust, log, boundaries);
    if (!host) return host.failure();
    auto api = api::Server::start((*host)->config().sockets.api, 0660, *group, routes_of(**host));
    if (!api) return api.failure();
    auto control = control_server(**host, *group);
    if (!control) return control.failure();
    (*host)->funds().start();
    if (auto started = (*host)->engine().start(); !started) return started;

    const Fd control_stop{::eventfd(0, EFD_CLOEXEC)};
    std::thread control_thread{[&] { control->run(control_stop.get()); }};
    std::thread engine_thread{[&] { (*host)->engine().run(); }};
    std::atomic<bool> resealing{true};
    std::thread reseal_thread{[&] {
        while (resealing) {
            if (!(*host)->reseals().step()) std::this_thread::sleep_for(kResealEvery);
        }
    }};
    log.info("ready");
    ipc::announce_ready();
    // A journal that no longer answers is what a restart can mend.
    run_until_stopped(*stop, [&host] { return (*host)->journal().read([](life::Tx&) { return Status{}; }).ok(); });
    log.info("stopping: running work is saved and goes on after the next start");
    resealing = false;
    (*host)->reseals().stop();
    (*host)->engine().stop();
    (*host)->funds().stop();
    engine_thread.join();
    reseal_thread.join();
    const std::uint64_t one = 1;
    if (::write(control_stop.get(), &one, sizeof one) != sizeof one)
        log.warn("the control socket could not be told to stop");
    control_thread.join();
    return {};
}

}  // namespace

int run_program(int argc, char** argv, life::Boundaries& boundaries) {
    keep_memory_small();
    std::string config = "/etc/blockhost/kernel.yaml";
    std::string plugins;
    std::string level = "info";
    CLI::App app{"blockhostd: the BlockHost daemon. Runs in the foreground, logs to stderr, ends on SIGTERM."};
    app.add_option("--config", config, "Configuration (default: /etc/blockhost/kernel.yaml)");
    app.add_option("--plugins", plugins,
                   "Directory of the plugin instances (default: plugins.d beside the configuration)");
    app.add_option("--log-level", level, "debug, info, warn or error")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    CLI11_PARSE(app, argc, argv);
    if (plugins.empty()) plugins = (std::filesystem::path{config}.parent_path() / "plugins.d").string();
    Log log{level};
    try {
        if (const auto served = serve(config, plugins, log, boundaries); !served) {
            log.error(served.failure().message);
            return 1;
        }
    } catch (const std::exception& error) {
        log.error(std::string{"a bug: "} + error.what());
        return 1;
    }
    return 0;
}

}  // namespace bh::daemon
