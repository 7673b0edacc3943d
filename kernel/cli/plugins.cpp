#include "kernel/cli/plugins.hpp"

#include "kernel/cli/show.hpp"
#include "kernel/config/kernel_config.hpp"
#include "kernel/trust/trust.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace bh::cli {
namespace {

using nlohmann::json;
using trust::printable;

trust::Trust trust_of(const Context& context) {
    return trust::Trust{trust::places_of(context.config, context.records, context.plugins)};
}

// Instances that the configuration makes of a plugin.
Result<std::vector<std::string>> instances_of(const trust::Trust& trust, const std::string& id) {
    const auto configs = read_plugin_configs(trust.places().records);
    if (!configs) return configs.failure();
    std::vector<std::string> names;
    for (const auto& config : *configs)
        if (config.plugin == id) names.push_back(config.instance);
    return names;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string voucher(const trust::Record& record) {
    switch (record.basis) {
        case trust::Basis::signed_by_publisher:
            return printable(record.publisher);
        case trust::Basis::packaged:
            return "BlockHost's package";
        case trust::Basis::unsigned_file:
            break;
    }
    return "nobody";
}

bool same(const trust::Record& a, const trust::Record& b) {
    return a.manifest_sha256 == b.manifest_sha256 && a.sha256 == b.sha256 && a.basis == b.basis && a.key == b.key &&
           a.publisher == b.publisher && a.asks == b.asks;
}

json changes_view(const std::vector<trust::Change>& changes) {
    json list = json::array();
    for (const auto& change : changes)
        list.push_back({{"asks", change.name}, {"what", change.text}, {"added", change.added}});
    return list;
}

json view_of(const trust::Found& found, const std::optional<trust::Record>& before) {
    const auto& record = found.record;
    return {{"plugin", record.id},
            {"version", record.version},
            {"title", found.manifest.title},
            {"description", found.manifest.description},
            {"licence", found.manifest.licence},
            {"trust", trust::to_text(record.basis)},
            {"publisher", record.publisher},
            {"key", record.key},
            {"manifest_sha256", record.manifest_sha256},
            {"sha256", record.sha256},
            {"asks", record.asks},
            {"state", !before                 ? "not enabled"
                      : same(*before, record) ? "enabled"
                                              : "changed"},
            {"changes", before ? changes_view(trust::changes(before->asks, record.asks)) : json::array()},
            {"warning", trust::standing_warning(record)}};
}

void row(const char* title, const std::string& text) {
    std::cout << title << std::string(13 - std::min<std::size_t>(std::string_view{title}.size(), 12), ' ')
              << printable(text) << '\n';
}

void print_asks(const trust::Asks& asks) {
    std::cout << "it asks for\n";
    for (const char* name : trust::kAskNames) {
        const auto list = asks.find(name);
        if (list == asks.end()) {
            row((std::string{"  "} + name).c_str(), "none");
            continue;
        }
        std::string title = std::string{"  "} + name;
        for (const auto& text : list->second) {
            row(title.c_str(), text);
            title.clear();
        }
    }
}

void print_changes(const trust::Record& before, const trust::Found& found) {
    const auto& now = found.record;
    std::cout << "changed since you enabled version " << printable(before.version) << " ("
              << time_to_text(before.enabled_at) << ")\n";
    const auto changes = trust::changes(before.asks, now.asks);
    for (const auto& change : changes)
        row((std::string{change.added ? "  + " : "  - "} + change.name).c_str(), change.text);
    if (changes.empty()) std::cout << "  nothing that it asks for\n";
    if (before.basis != now.basis || before.key != now.key)
        std::cout << "  who answers for it: " << voucher(before) << " before, " << voucher(now) << " now\n";
    if (before.manifest_sha256 != now.manifest_sha256) std::cout << "  its manifest\n";
    if (before.sha256 != now.sha256) std::cout << "  its file\n";
}

void print_found(const trust::Found& found, const std::optional<trust::Record>& before) {
    const auto& record = found.record;
    row("plugin", record.id + " " + record.version);
    row("title", found.manifest.title);
    row("description", found.manifest.description);
    row("licence", found.manifest.licence);
    row("publisher", voucher(record) + (record.key.empty() ? "" : ", key " + record.key));
    row("manifest", record.manifest_sha256);
    row("file", record.sha256 + " " + found.manifest.file);
    print_asks(record.asks);
    if (before && !same(*before, record)) print_changes(*before, found);
    if (const auto warning = trust::standing_warning(record); !warning.empty())
        std::cout << "WARNING: " << warning << '\n';
}

// A record that can't be read counts as none: it is about to be written anew.
std::optional<trust::Record> known(const trust::Trust& trust, const std::string& id) {
    auto record = trust.record(id);
    if (record) return std::move(*record);
    std::cerr << "blockhost: warning: " << record.failure().message << '\n';
    return std::nullopt;
}

bool answered_yes() {
    std::cout << "Enable it? (yes or no) " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "yes" || answer == "y";
}

int enable_one(const Context& context, const trust::Trust& trust, const EnableOptions& options) {
    const auto found = trust.look(options.id);
    if (!found) return report(context, found.failure());
    const auto before = known(trust, options.id);
    const auto& record = found->record;
    if (record.basis == trust::Basis::unsigned_file && !options.unsigned_)
        return report(context, {BH_E_DENIED, "unsigned",
                                "the plugin " + options.id +
                                    " is not signed: nobody answers for what it is. If you know it by other means, "
                                    "`blockhost plugin enable --unsigned " +
                                    options.id + "` enables it, and a warning stands"});
    auto view = view_of(*found, before);
    const bool changed = !before || !same(*before, record);
    view["state"] = "enabled";
    view["changed"] = changed;
    if (!context.json && changed) print_found(*found, before);
    if (changed) {
        if (!options.yes && !answered_yes())
            return report(context, {BH_E_CANCELLED, "answered_no", "not enabled: nothing was changed"});
        if (const auto written = trust.enable(record); !written) return report(context, written.failure());
    }
    if (context.json) {
        std::cout << view.dump(2) << '\n';
    } else if (changed) {
        std::cout << "Enabled. blockhostd takes it at its next start.\n";
    } else {
        std::cout << record.id << ' ' << record.version << " is enabled already, and nothing has changed.\n";
    }
    return kDone;
}

// After an update of the package that brought them: its installation was the operator's yes. What did not come with it
// is left alone.
int enable_packaged(const Context& context, const trust::Trust& trust) {
    const auto ids = trust.enabled();
    if (!ids) return report(context, ids.failure());
    json done = json::array();
    int code = kDone;
    // One that is refused is no reason to leave the others behind.
    const auto refuse = [&](const std::string& id, const Failure& failure) {
        done.push_back({{"plugin", id}, {"problem", failure.message}});
        if (!context.json) std::cerr << "blockhost: " << failure.message << '\n';
        code = kFailed;
    };
    for (const auto& id : *ids) {
        const auto before = known(trust, id);
        if (!before || before->basis != trust::Basis::packaged) continue;
        const auto found = trust.look(id);
        if (!found) {
            refuse(id, found.failure());
            continue;
        }
        if (found->record.basis != trust::Basis::packaged || same(*before, found->record)) continue;
        if (const auto written = trust.enable(found->record); !written) {
            refuse(id, written.failure());
            continue;
        }
        done.push_back(view_of(*found, before));
        if (context.json) continue;
        std::cout << "enabled " << id << ' ' << found->record.version << '\n';
        print_changes(*before, *found);
    }
    if (context.json) std::cout << json{{"plugins", done}}.dump(2) << '\n';
    return code;
}

// One line of `plugin list` about what is installed.
json installed_view(const trust::Trust& trust, const std::string& id) {
    const auto before = known(trust, id);
    const auto found = trust.look(id);
    if (found) return view_of(*found, before);
    return {{"plugin", id},
            {"version", before ? before->version : "-"},
            {"trust", before ? trust::to_text(before->basis) : ""},
            {"publisher", before ? before->publisher : ""},
            {"state", "refused"},
            {"problem", found.failure().message},
            {"warning", before ? trust::standing_warning(*before) : ""}};
}

// Where plugins are and whether they may be loaded; enabled ones that are not there any more, too.
Result<json> all_installed(const trust::Trust& trust) {
    auto ids = trust.installed();
    if (!ids) return ids.failure();
    const auto enabled = trust.enabled();
    if (!enabled) return enabled.failure();
    for (const auto& id : *enabled)
        if (std::find(ids->begin(), ids->end(), id) == ids->end()) ids->push_back(id);
    json list = json::array();
    for (const auto& id : *ids) list.push_back(installed_view(trust, id));
    return list;
}

std::string vouched(const json& plugin) {
    const auto trust = plugin.value("trust", "");
    if (trust == "signed") return printable(plugin.value("publisher", ""));
    return trust == "packaged" ? "BlockHost's package" : trust == "unsigned" ? "NOBODY" : "-";
}

}  // namespace

int plugin_list(const Context& context) {
    const auto trust = trust_of(context);
    const auto installed = all_installed(trust);
    if (!installed) return report(context, installed.failure());
    const auto running = context.api.get("/v1/plugins");
    if (!running && running.failure().reason != "daemon") return report(context, running.failure());
    const json instances = running ? running->at("plugins") : json::array();
    if (context.json) {
        const json all{{"plugins", instances}, {"installed", *installed}, {"daemon", running.ok()}};
        std::cout << all.dump(2) << '\n';
        return kDone;
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& plugin : *installed) {
        const std::vector<std::string> about{cell(plugin, "plugin"), cell(plugin, "version"), cell(plugin, "state"),
                                             vouched(plugin)};
        const auto add = [&](const std::vector<std::string>& rest) {
            rows.push_back(about);
            rows.back().insert(rows.back().end(), rest.begin(), rest.end());
        };
        bool used = false;
        for (const auto& instance : instances) {
            if (instance.value("plugin", "") != plugin.value("plugin", "")) continue;
            used = true;
            add({cell(instance, "instance"), cell(instance, "kind"), cell(instance, "isolation"),
                 cell(instance, "health")});
        }
        if (!used) add({"-", "-", "-", "-"});
    }
    print_table(std::cout, {"plugin", "version", "state", "signed by", "instance", "kind", "runs in", "health"}, rows);
    if (!running) std::cerr << "blockhostd does not answer: which instances run is not shown\n";
    for (const auto& plugin : *installed) {
        if (plugin.contains("problem")) std::cerr << "error: " << plugin.value("problem", "") << '\n';
        if (plugin.value("state", "") == "changed")
            std::cerr << "error: " << cell(plugin, "plugin")
                      << " changed since you enabled it and is not loaded; `blockhost plugin enable "
                      << cell(plugin, "plugin") << "` shows how\n";
        // What nobody enabled is no danger yet.
        if (!plugin.value("warning", "").empty() && plugin.value("state", "") != "not enabled")
            std::cerr << "WARNING: " << plugin.value("warning", "") << '\n';
    }
    return kDone;
}

int plugin_show(const Context& context, const std::string& id) {
    const auto trust = trust_of(context);
    const auto found = trust.look(id);
    if (!found) return report(context, found.failure());
    const auto before = known(trust, id);
    const auto instances = instances_of(trust, id);
    if (!instances) return report(context, instances.failure());
    if (context.json) {
        auto view = view_of(*found, before);
        view["instances"] = *instances;
        view["enabled_at"] = before ? json{time_to_text(before->enabled_at)} : json{};
        std::cout << view.dump(2) << '\n';
        return kDone;
    }
    print_found(*found, before);
    row("enabled", !before                        ? "no"
                   : same(*before, found->record) ? "since " + time_to_text(before->enabled_at)
                                                  : "as it was, not as it is: it is not loaded");
    row("instances", instances->empty() ? "none" : joined(*instances));
    return kDone;
}

int plugin_enable(const Context& context, const EnableOptions& options) {
    const auto trust = trust_of(context);
    if (options.packaged) return enable_packaged(context, trust);
    if (options.id.empty()) {
        std::cerr << "blockhost: which plugin? Give its id; `blockhost plugin list` shows them\n";
        return kUsage;
    }
    if (context.json && !options.yes) {
        std::cerr << "blockhost: with --json nobody can be asked: give --yes, too\n";
        return kUsage;
    }
    return enable_one(context, trust, options);
}

int plugin_disable(const Context& context, const std::string& id) {
    const auto trust = trust_of(context);
    const auto instances = instances_of(trust, id);
    if (!instances) return report(context, instances.failure());
    if (!instances->empty()) {
        std::string files;
        for (const auto& name : *instances)
            files += (files.empty() ? "" : ", ") + trust.places().records + "/" + name + ".yaml";
        return report(context, {BH_E_CONFLICT, "in_use",
                                "the plugin " + id + " is used by the instance " + joined(*instances) +
                                    ", and blockhostd would not start without it; remove " + files + " first"});
    }
    if (const auto disabled = trust.disable(id); !disabled) return report(context, disabled.failure());
    if (context.json) {
        std::cout << json{{"plugin", id}, {"state", "not enabled"}}.dump(2) << '\n';
    } else {
        std::cout << "Disabled. It is not loaded any more.\n";
    }
    return kDone;
}

int plugin_check(const Context& context, const std::string& which, const std::vector<std::string>& arguments) {
    const std::string installed = context.plugins + "/" + which;
    const bool is_id = trust::is_plugin_id(which) && std::filesystem::exists(installed + "/plugin.json");
    const std::string folder = is_id ? installed : which;
    if (!std::filesystem::exists(folder + "/plugin.json"))
        return report(context, {BH_E_NOT_FOUND, "no_plugin",
                                which + " is neither an installed plugin nor a folder with a plugin.json"});
    std::vector<std::string> all{"check", folder};
    if (context.json) all.emplace_back("--json");
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::error_code error;
    const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
    // The check runs the plugin. An installed one is somebody else's, and root perhaps wants to know whether to trust
    // it.
    return run_program(context, (own.parent_path() / "blockhost-plugin-check").string(), all, is_id);
}

}  // namespace bh::cli
