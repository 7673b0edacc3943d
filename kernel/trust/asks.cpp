#include "kernel/trust/asks.hpp"

#include <algorithm>

namespace bh::trust {
namespace {

std::vector<std::string> programs_of(const host::Manifest& manifest) {
    std::vector<std::string> all;
    for (const auto& program : manifest.programs) {
        if (program.commands.empty()) all.push_back(program.name + " (" + program.kind + ")");
        for (const auto& command : program.commands) {
            std::string line = program.name;
            for (const auto& pattern : command) line += " " + pattern;
            all.push_back(line + " (" + program.kind + ")");
        }
    }
    return all;
}

std::vector<std::string> network_of(const host::Manifest& manifest) {
    std::vector<std::string> all = manifest.network;
    for (std::string& row : all)
        if (row == "*") row = "* (whatever you list under grants.connect)";
    return all;
}

bool holds(const Asks& asks, const std::string& name, const std::string& text) {
    const auto list = asks.find(name);
    return list != asks.end() && std::find(list->second.begin(), list->second.end(), text) != list->second.end();
}

}  // namespace

Result<Asks> asks_of(const host::Manifest& manifest) {
    Asks asks{
        {"interfaces", manifest.interfaces}, {"services", manifest.services},     {"keys", manifest.keys},
        {"secrets", manifest.secrets},       {"programs", programs_of(manifest)}, {"network", network_of(manifest)},
        {"paths", manifest.paths},           {"isolation", {manifest.isolation}}};
    if (manifest.threads > 0) asks["threads"] = {std::to_string(manifest.threads)};
    std::erase_if(asks, [](const auto& entry) { return entry.second.empty(); });
    for (const auto& [name, list] : asks) {
        const bool readable = list.size() <= kMaxAsks && std::all_of(list.begin(), list.end(), [](const auto& text) {
                                  return text.size() <= kMaxAskBytes;
                              });
        if (!readable)
            return invalid("too_much", "the manifest asks for more " + name +
                                           " than anybody can look through; its author must ask for less");
    }
    return asks;
}

std::vector<Change> changes(const Asks& before, const Asks& after) {
    std::vector<Change> all;
    for (const char* name : kAskNames) {
        const auto compare = [&](const Asks& from, const Asks& to, bool added) {
            if (const auto list = from.find(name); list != from.end())
                for (const auto& text : list->second)
                    if (!holds(to, name, text)) all.push_back({name, text, added});
        };
        compare(before, after, false);
        compare(after, before, true);
    }
    return all;
}

std::string printable(std::string_view text) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
    // How many bytes at `i` steer a terminal instead of showing something: controls (in UTF-8 those from U+0080 to
    // U+009F are two bytes), and what turns or hides text (U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F).
    const auto control = [&](std::size_t i) -> std::size_t {
        if (byte(i) < 0x20 || byte(i) == 0x7f) return 1;
        if (byte(i) == 0xc2 && byte(i + 1) >= 0x80 && byte(i + 1) < 0xa0) return 2;
        if (byte(i) != 0xe2) return 0;
        const auto second = byte(i + 1), third = byte(i + 2);
        const bool turns = second == 0x80 && ((third >= 0x8b && third <= 0x8f) || (third >= 0xa8 && third <= 0xae));
        return turns || (second == 0x81 && third >= 0xa0 && third <= 0xaf) ? 3 : 0;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t size = control(i);
        out.push_back(size > 0 ? '?' : text[i]);
        i += size > 0 ? size : 1;
    }
    return out;
}

}  // namespace bh::trust
