// `blockhost plugin`: what is installed, enabled and running, and what the operator says yes to.
#pragma once

#include "kernel/cli/commands.hpp"

#include <string>
#include <vector>

namespace bh::cli {

struct EnableOptions {
    std::string id;
    bool yes = false;        // do not ask
    bool unsigned_ = false;  // also one that nobody signed
    bool packaged = false;   // instead of `id`: what came with BlockHost's package and is enabled already
};

int plugin_list(const Context& context);
int plugin_show(const Context& context, const std::string& id);
int plugin_enable(const Context& context, const EnableOptions& options);
int plugin_disable(const Context& context, const std::string& id);
int plugin_unpark(const Context& context, const std::string& instance);
// `which`: the id of an installed plugin, or a folder.
int plugin_check(const Context& context, const std::string& which, const std::vector<std::string>& arguments);

// A new project, from the example of that kind and language.
struct NewPlugin {
    std::string kind, language;
    std::string directory;  // "" = my-KIND
    std::string id;         // "" = org.example.NAME, NAME being the directory's
};
int plugin_new(const Context& context, const NewPlugin& wanted);

}  // namespace bh::cli
