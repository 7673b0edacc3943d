// `blockhost plugin new`: the examples of the SDK are the templates. Each says in template.json what it is:
//
//     {"kind": "ipv6", "language": "c", "id": "org.example.ipv6-pool", "build": "make", "out": "out"}
//
// `id` is its plugin's; `build` makes the folder `out`, in both of which {id} is the plugin's id. A copy gets an id of
// its own: the id itself, its last part, and that part with "_" for "-" are replaced in all texts and names of files,
// and so is "../..", the place of the SDK.
#include "kernel/cli/plugins.hpp"
#include "kernel/ipc/args.hpp"
#include "kernel/trust/trust.hpp"
#include "plugin-api/documents/strict_json.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <tuple>

namespace bh::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Template {
    fs::path folder;
    std::string kind, language, id, build, out;
};
using Words = std::vector<std::pair<std::string, std::string>>;  // what is replaced by what, longest first

constexpr const char* kDescription = "template.json";

fs::path sdk_folder() {
    if (const char* given = std::getenv("BLOCKHOST_SDK"); given != nullptr && *given != '\0') return given;
    std::error_code error;
    const auto own = fs::read_symlink("/proc/self/exe", error);
    return own.parent_path().parent_path() / "share" / "blockhost" / "sdk";
}

std::string read_text(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

Result<Template> read_template(const fs::path& folder) {
    const auto path = (folder / kDescription).string();
    const auto object = read_strict_json(read_text(path));
    if (!object) return object.failure().within(path);
    ipc::Args args{*object};
    Template found;
    found.folder = folder;
    found.kind = args.text("kind", 16);
    found.language = args.text("language", 16);
    found.id = args.text("id", 128);
    found.build = args.text("build", 256);
    found.out = args.text("out", 256);
    if (!trust::is_plugin_id(found.id)) args.refuse("id", "must be a reverse-DNS name such as org.example.thing");
    if (auto bad = args.finish(); !bad) return bad.failure().within(path);
    return found;
}

Result<std::vector<Template>> all_templates(const fs::path& sdk) {
    std::vector<Template> all;
    std::error_code error;
    for (fs::directory_iterator it{sdk / "examples", error}, end; !error && it != end; it.increment(error)) {
        if (!fs::exists(it->path() / kDescription)) continue;
        auto found = read_template(it->path());
        if (!found) return found.failure();
        all.push_back(std::move(*found));
    }
    if (all.empty())
        return Failure{BH_E_NOT_FOUND, "no_sdk",
                       "there is no SDK in " + sdk.string() +
                           ": install it with `cmake --install build/release --component sdk --prefix /usr`, or say in "
                           "BLOCKHOST_SDK where it is"};
    std::sort(all.begin(), all.end(), [](const Template& a, const Template& b) {
        return std::tie(a.kind, a.language) < std::tie(b.kind, b.language);
    });
    return all;
}

Result<Template> choose(const std::vector<Template>& all, const NewPlugin& wanted) {
    std::string there;
    for (const auto& one : all) {
        if (one.kind == wanted.kind && one.language == wanted.language) return one;
        there += (there.empty() ? "" : ", ") + one.kind + " in " + one.language;
    }
    return Failure{BH_E_NOT_FOUND, "no_template",
                   "there is no template for the kind " + wanted.kind + " in " + wanted.language + "; there are " +
                       there + ". The verbs of each kind are in docs/plugins/reference.md"};
}

std::string last_part(const std::string& id) { return id.substr(id.rfind('.') + 1); }

std::string with_underscores(std::string text) {
    std::replace(text.begin(), text.end(), '-', '_');
    return text;
}

std::string replaced(const std::string& text, const Words& words) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto word = std::find_if(words.begin(), words.end(),
                                       [&](const auto& w) { return text.compare(at, w.first.size(), w.first) == 0; });
        out += word == words.end() ? std::string(1, text[at]) : word->second;
        at += word == words.end() ? 1 : word->first.size();
    }
    return out;
}

// What a build of the example itself leaves in its folder.
bool is_made(const fs::path& path) {
    const auto name = path.filename();
    return name == "out" || name == "target" || name == "build" || name == kDescription;
}

Status copy_folder(const fs::path& from, const fs::path& to, const Words& words) {
    std::error_code error;
    fs::create_directories(to, error);
    for (fs::directory_iterator it{from, error}, end; !error && it != end; it.increment(error)) {
        if (is_made(it->path())) continue;
        const auto target = to / replaced(it->path().filename().string(), words);
        if (it->is_directory()) {
            if (auto copied = copy_folder(it->path(), target, words); !copied) return copied;
            continue;
        }
        std::ofstream file{target, std::ios::binary};
        file << replaced(read_text(it->path()), words);
        if (!file.flush()) return Failure{BH_E_UNAVAILABLE, "not_writable", target.string() + " can't be written"};
        fs::permissions(target, fs::status(it->path()).permissions(), error);
    }
    if (error) return Failure{BH_E_UNAVAILABLE, "not_writable", to.string() + " can't be made: " + error.message()};
    return {};
}

}  // namespace

int plugin_new(const Context& context, const NewPlugin& wanted) {
    const auto sdk = sdk_folder();
    const auto all = all_templates(sdk);
    if (!all) return report(context, all.failure());
    const auto chosen = choose(*all, wanted);
    if (!chosen) return report(context, chosen.failure());
    const fs::path directory = wanted.directory.empty() ? "my-" + wanted.kind : wanted.directory;
    const std::string name = fs::absolute(directory).lexically_normal().filename().string();
    const std::string id = wanted.id.empty() ? "org.example." + name : wanted.id;
    if (!trust::is_plugin_id(id))
        return report(context, invalid("bad_id", "\"" + trust::printable(id) +
                                                     "\" is no id: give one such as org.example.thing with --id"));
    if (fs::exists(directory))
        return report(context,
                      {BH_E_CONFLICT, "exists", directory.string() + " is there already: name another folder"});
    const auto old_part = last_part(chosen->id), new_part = last_part(id);
    const Words words{{chosen->id, id},
                      {old_part, new_part},
                      {with_underscores(old_part), with_underscores(new_part)},
                      {"../..", fs::absolute(sdk).lexically_normal().string()}};
    if (const auto copied = copy_folder(chosen->folder, directory, words); !copied)
        return report(context, copied.failure());
    const Words place{{"{id}", id}};
    const auto build = replaced(chosen->build, place), out = replaced(chosen->out, place);
    if (context.json) {
        std::cout << json{{"plugin", id}, {"directory", directory.string()}, {"build", build}, {"out", out}}.dump(2)
                  << '\n';
        return kDone;
    }
    std::cout << "Made " << id << " in " << directory.string() << ". Now:\n    cd " << directory.string() << "\n    "
              << build << "\n    blockhost plugin check " << out << '\n';
    return kDone;
}

}  // namespace bh::cli
