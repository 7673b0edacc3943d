// How the command line is put together: groups of commands, and the one that was given.
#pragma once

#include "kernel/cli/commands.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace bh::cli {

using Command = std::function<int(const Context&)>;

// The group of this name: another file may have made it.
inline CLI::App& group(CLI::App& app, const std::string& name, const std::string& help) {
    const auto known = app.get_subcommands([&name](const CLI::App* each) { return each->get_name() == name; });
    if (!known.empty()) return *known.front();
    CLI::App* made = app.add_subcommand(name, help);
    made->require_subcommand(1);
    return *made;
}

// A command of `parent`; when it is the one that was given, `run` ends up in `chosen`, which outlives the parse.
inline CLI::App* add(CLI::App& parent, Command& chosen, const char* name, const char* help, Command run) {
    CLI::App* command = parent.add_subcommand(name, help);
    command->callback([&chosen, run = std::move(run)] { chosen = run; });
    return command;
}

}  // namespace bh::cli
