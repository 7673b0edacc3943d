// blockhost: the operator's command line.
#include "kernel/cli/commands.hpp"
#include "kernel/cli/credential_commands.hpp"
#include "kernel/cli/funds.hpp"
#include "kernel/cli/grammar.hpp"
#include "kernel/cli/grant_commands.hpp"
#include "kernel/cli/operator_commands.hpp"
#include "kernel/cli/plugins.hpp"
#include "kernel/cli/seal_commands.hpp"
#include "kernel/config/kernel_config.hpp"

#include <iostream>

using namespace bh;
using namespace bh::cli;

namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 refused or failed, 2 wrong use, 3 the daemon does not answer, 4 no such thing, 5 a check "
    "(doctor, audit verify, funds status --check) found an error.\n"
    "With --json each command prints one JSON document.";

struct Options {
    std::string config = "/etc/blockhost/kernel.yaml";
    std::string records;
    std::string libexec = "/usr/lib/blockhost";
    bool json = false;
    std::string id, chain, plugin, state, name;
    std::int64_t after = 0, before = 0, limit = 50, number = 0;
    bool gone = false;
    bool standalone = false;  // the command is also for machines that have no host
    EnableOptions enable;
    NewPlugin made;
    std::vector<std::string> rest;
};

void add_subscriptions(CLI::App& app, Options& options, Command& chosen) {
    CLI::App& subscription = group(app, "subscription", "Subscriptions and their timelines");
    auto* list = add(subscription, chosen, "list", "List subscriptions", [&](const Context& c) {
        return subscription_list(c, options.state, options.after, options.limit);
    });
    list->add_option("--state", options.state, "Only those in this state");
    list->add_option("--after", options.after, "Continue after this row");
    list->add_option("--limit", options.limit, "At most so many")->check(CLI::Range(1, 1000));
    auto* shown = add(subscription, chosen, "show", "One subscription: facts, timeline, jobs",
                      [&](const Context& c) { return subscription_show(c, options.id, options.chain); });
    auto* undo = add(subscription, chosen, "undo", "Keep a VM that waits to be destroyed",
                     [&](const Context& c) { return subscription_undo(c, options.id, options.chain); });
    for (auto* one : {shown, undo}) {
        one->add_option("id", options.id, "Subscription id")->required();
        one->add_option("--chain", options.chain, "Chain instance, when several have this id");
    }
}

void add_vms(CLI::App& app, Options& options, Command& chosen) {
    CLI::App& vm = group(app, "vm", "Virtual machines");
    add(vm, chosen, "list", "List VMs", vm_list);
    auto* shown = add(vm, chosen, "show", "One VM", [&](const Context& c) { return vm_show(c, options.name); });
    auto* console = add(vm, chosen, "console", "The serial console of a VM",
                        [&](const Context& c) { return vm_console(c, options.name); });
    for (auto* one : {shown, console}) one->add_option("vm", options.name, "Name of the VM")->required();
}

void add_plugins(CLI::App& app, Options& options, Command& chosen) {
    CLI::App& plugin = group(app, "plugin", "Plugins: what is installed, what may be loaded, what runs");
    add(plugin, chosen, "list", "Installed plugins, who signed them, their instances and health", plugin_list);
    auto* shown = add(plugin, chosen, "show", "One plugin: publisher, hashes, what it asks for",
                      [&](const Context& c) { return plugin_show(c, options.id); });
    auto* enable = add(plugin, chosen, "enable", "Show what a plugin asks for, and let it be loaded after a yes",
                       [&](const Context& c) { return plugin_enable(c, options.enable); });
    auto* packaged = enable->add_flag("--packaged", options.enable.packaged,
                                      "After an update of BlockHost's package: those of it that are enabled");
    enable->add_option("id", options.enable.id, "The plugin's id")->excludes(packaged);
    enable->add_flag("--yes", options.enable.yes, "Do not ask");
    enable->add_flag("--unsigned", options.enable.unsigned_, "Also one that nobody signed: a warning will stand");
    auto* disable = add(plugin, chosen, "disable", "Let a plugin be loaded no more",
                        [&](const Context& c) { return plugin_disable(c, options.id); });
    for (auto* one : {shown, disable}) one->add_option("id", options.id, "The plugin's id")->required();
    auto* unpark = add(plugin, chosen, "unpark", "Try a parked or poisoned instance again",
                       [&](const Context& c) { return plugin_unpark(c, options.name); });
    unpark->add_option("instance", options.name, "Name of the instance")->required();
}

// For authors of plugins, also where no host is.
void add_workshop(CLI::App& app, Options& options, Command& chosen) {
    CLI::App& plugin = *app.get_subcommand("plugin");
    auto* check = add(plugin, chosen, "check", "Try a plugin: does it keep the rules?",
                      [&](const Context& c) { return plugin_check(c, options.name, options.rest); });
    check->add_option("plugin", options.name, "Id of an installed plugin, or a folder with plugin.json")->required();
    check->add_option("options", options.rest, "Options of blockhost-plugin-check; `-- --help` lists them");
    auto* made = add(plugin, chosen, "new", "Begin a plugin: a project that builds and passes the check",
                     [&](const Context& c) { return plugin_new(c, options.made); });
    made->add_option("--kind", options.made.kind, "chain, hypervisor, storage or ipv6")
        ->required()
        ->check(CLI::IsMember({"chain", "hypervisor", "storage", "ipv6"}));
    made->add_option("--lang", options.made.language, "Its language: c, cpp, rust, ...")->required();
    made->add_option("--id", options.made.id, "Its id; default: org.example. and the folder's name");
    made->add_option("directory", options.made.directory, "The folder to make; default: my-KIND");
    for (auto* one : {check, made}) one->preparse_callback([&](std::size_t) { options.standalone = true; });
}

void add_jobs(CLI::App& app, Options& options, Command& chosen) {
    CLI::App& job = group(app, "job", "Steps of the lifecycle");
    auto* list = add(job, chosen, "list", "List jobs, newest first",
                     [&](const Context& c) { return job_list(c, options.state, options.limit); });
    list->add_option("--state", options.state, "Only those in this state, such as held");
    list->add_option("--limit", options.limit, "At most so many")->check(CLI::Range(1, 1000));
    auto* shown = add(job, chosen, "show", "One job", [&](const Context& c) { return job_show(c, options.number); });
    auto* retry = add(job, chosen, "retry", "Try a held job again",
                      [&](const Context& c) { return job_retry(c, options.number); });
    auto* abandon = add(job, chosen, "abandon", "Give a held job up",
                        [&](const Context& c) { return job_abandon(c, options.number, options.gone); });
    abandon->add_flag("--gone", options.gone, "I have looked: the object that it should remove is gone");
    for (auto* one : {shown, retry, abandon}) one->add_option("job", options.number, "Number of the job")->required();
}

// A command of a chain plugin's operator tool: its options are the tool's.
void add_operator_command(CLI::App& app, Options& options, Command& chosen, const char* name, const char* command,
                          const std::string& help) {
    auto* sub = add(app, chosen, name, (help + ": by the chain plugin's operator tool").c_str(),
                    [&options, command](const Context& c) {
                        return chain_operator(c, command, {options.chain, options.plugin}, options.rest);
                    });
    auto* chain = sub->add_option("--chain", options.chain, "Chain instance, when there are several");
    sub->add_option("--plugin", options.plugin, "The chain plugin's id, before the daemon runs")->excludes(chain);
    sub->add_option("options", options.rest, "Options of the tool; `-- --help` lists them");
    sub->positionals_at_end();
}

void add_rest(CLI::App& app, Options& options, Command& chosen) {
    add(app, chosen, "status", "The host at a glance: chains, VMs, alarms", status);
    add(app, chosen, "doctor", "Check this host and explain each finding", doctor);
    auto* events = add(app, chosen, "events", "What the chains reported, newest first",
                       [&](const Context& c) { return event_list(c, options.before, options.limit); });
    events->add_option("--before", options.before, "Continue before this event");
    events->add_option("--limit", options.limit, "At most so many")->check(CLI::Range(1, 1000));
    CLI::App& chain = group(app, "chain", "Chains");
    add(chain, chosen, "status", "Each chain's endpoints: state, head, errors, and what they were caught at",
        chain_status);

    CLI::App& plan = group(app, "plan", "Plans on offer");
    add(plan, chosen, "list", "List plans", plan_list);
    add_operator_command(plan, options, chosen, "create", "plan-create", "Create a plan");
    CLI::App& contracts = group(app, "contracts", "The contracts that this host sells through");
    add_operator_command(contracts, options, chosen, "deploy", "deploy", "Deploy them, or print how");
    add_operator_command(contracts, options, chosen, "verify", "verify",
                         "Compare those on the chain with what this version deploys");

    add_operator_command(contracts, options, chosen, "split", "split-deploy",
                         "Deploy a treasury that splits the revenue, or print how");

    CLI::App& image = group(app, "image", "Guest images");
    add(image, chosen, "list", "List images", image_list);
    auto* build = add(image, chosen, "build", "Build a guest image",
                      [&](const Context& c) { return image_build(c, options.name, options.rest); });
    build->add_option("image", options.name, "Name, such as debian-12")->required();
    build->add_option("options", options.rest, "Options of the builder; `-- --help` lists them");
}

// Of the first day: there is no configuration yet.
void add_import(CLI::App& app, Options& options, Command& chosen) {
    auto* import = add(app, chosen, "import-config", "Make the configuration of an existing system's files",
                       [&](const Context& c) {
                           std::vector<std::string> arguments = options.rest;
                           if (c.json) arguments.emplace_back("--json");
                           return run_program(c, options.libexec + "/import/import-config", arguments);
                       });
    import->add_option("--libexec", options.libexec, "Where BlockHost's programs are (default: /usr/lib/blockhost)");
    import->add_option("options", options.rest, "Options of the import; `-- --help` lists them");
    import->preparse_callback([&](std::size_t) { options.standalone = true; });
}

int run(const Options& options, const Command& chosen) {
    const auto config = read_kernel_config(options.config);
    if (!config && options.standalone) {
        ApiClient nobody{{}};
        return chosen({nobody, options.json, options.config, "/usr/lib/blockhost/plugins", {}, {}, {}, {}, {}});
    }
    if (!config) {
        std::cerr << "blockhost: " << config.failure().message << '\n';
        return kFailed;
    }
    ApiClient api{config->sockets.api};
    const Context context{api,
                          options.json,
                          options.config,
                          config->paths.plugins,
                          config->paths.images,
                          config->paths.libexec,
                          config->sockets.api + ".control",
                          options.records,
                          config->paths.state};
    return chosen(context);
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    Command chosen;
    CLI::App app{"BlockHost: an autonomous VM hosting business on this host"};
    app.footer(kFooter);
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--config", options.config, "The daemon's configuration");
    app.add_option("--plugins", options.records,
                   "Its plugin instances and records (default: plugins.d beside the configuration)");
    app.add_flag("--json", options.json, "Print JSON");
    add_rest(app, options, chosen);
    add_subscriptions(app, options, chosen);
    add_vms(app, options, chosen);
    add_jobs(app, options, chosen);
    add_plugins(app, options, chosen);
    add_workshop(app, options, chosen);
    add_import(app, options, chosen);
    add_operator_commands(app, chosen);
    add_credential_commands(app, chosen);
    add_grant_commands(app, chosen);
    add_seal_commands(app, chosen, options.standalone);
    add_funds_commands(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? int{kDone} : int{kUsage};
    }
    try {
        return run(options, chosen);
    } catch (const std::exception& error) {
        std::cerr << "blockhost: " << error.what() << '\n';
        return kFailed;
    }
}
