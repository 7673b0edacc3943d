// What can be said of a plugin without running any of it.
#include "plugin-api/check/kinds.hpp"
#include "plugin-api/host/config_schema.hpp"
#include "plugin-api/host/inspect.hpp"
#include "plugin-api/host/sealed_file.hpp"

#include <elf.h>

#include <set>

namespace bh::check {
namespace {

using nlohmann::json;

constexpr const char* kEntry = "bh_plugin_entry_v0";

host::SealedFile copy_of_file(Stage& stage) {
    return require_ok(host::SealedFile::copy_of(stage.subject.file()), stage.subject.file());
}
host::ElfFacts facts_of(Stage& stage) {
    const host::SealedFile file = copy_of_file(stage);
    auto facts = host::inspect_elf(file.bytes());
    if (!facts) throw Wrong{facts.failure().message + " (" + facts.failure().reason + ")"};
    return *facts;
}

void manifest(Stage& stage) {
    if (stage.subject.broken) throw Wrong{stage.subject.broken->message};
    const auto& known = known_interfaces();
    for (const std::string& interface : stage.subject.manifest.interfaces)
        require(std::find(known.begin(), known.end(), interface) != known.end(),
                "/interfaces: " + interface + " is no interface of this ABI");
}

void hash(Stage& stage) {
    const std::string found = copy_of_file(stage).sha256(), said = stage.subject.manifest.sha256;
    require(found == said,
            "the file was rewritten after it was hashed: its SHA-256 is " + found + ", plugin.json says " + said);
}

void elf(Stage& stage) { facts_of(stage); }

void exports(Stage& stage) {
    const auto names = facts_of(stage).exported;
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    require(!names.empty(), std::string{"exports nothing; it must export "} + kEntry);
    require(names.size() == 1 && names[0] == kEntry,
            "exports " + all + "; it must export " + kEntry + " alone: link with plugin-api/sdk/plugin.map");
}

void linkage(Stage& stage) {
    const host::ElfFacts facts = facts_of(stage);
    std::string wrong;
    const auto want = [&](bool good, const char* what) {
        if (!good) wrong += (wrong.empty() ? "" : "; ") + std::string{what};
    };
    want(facts.binds_now, "symbols are bound late: link with -z now");
    want(facts.never_unmapped, "it can be unmapped: link with -z nodelete");
    want(facts.relro, "its relocations stay writable: link with -z relro");
    want(!facts.run_path, "it has a run path: link without -rpath");
    want(!facts.text_relocations, "it has text relocations: compile with -fPIC");
    want(!facts.executable_stack, "it asks for an executable stack: link with -z noexecstack");
    require(wrong.empty(), wrong);
}

// The loader does not believe section headers; debuggers and tools of operators do.
void sections(Stage& stage) {
    const host::SealedFile file = copy_of_file(stage);
    const auto bytes = file.bytes();
    Elf64_Ehdr header{};
    require(bytes.size() >= sizeof header, "the file is shorter than an ELF header");
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.e_shoff == 0 && header.e_shnum == 0) throw NotApplicable{"it has no section headers (stripped)"};
    const bool inside = header.e_shentsize == sizeof(Elf64_Shdr) && header.e_shoff <= bytes.size() &&
                        (bytes.size() - header.e_shoff) / sizeof(Elf64_Shdr) >= header.e_shnum;
    require(inside, "its section headers are forged: they lead out of the file");
    for (std::size_t i = 0; i < header.e_shnum; ++i) {
        Elf64_Shdr section{};
        std::memcpy(&section, bytes.data() + header.e_shoff + i * sizeof section, sizeof section);
        const bool good = section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL ||
                          (section.sh_offset <= bytes.size() && bytes.size() - section.sh_offset >= section.sh_size);
        require(good, "its section headers are forged: section " + std::to_string(i) + " leads out of the file");
    }
}

bool known_widget(const std::string& widget) {
    static const std::set<std::string> plain{"secret", "address", "url", "duration", "bytes"};
    return plain.contains(widget) || widget.starts_with("choice-from: ");
}

void look_at(const json& schema, const std::string& at) {
    const json properties = schema.value("properties", json::object());
    for (const auto& [key, property] : properties.items()) {
        const std::string place = at + "/" + key;
        require(property.is_object(), place + ": must be a schema");
        for (const char* word : {"title", "description"})
            require(property.contains(word) && property[word].is_string() && !property[word].get<std::string>().empty(),
                    place + ": has no " + word + "; the wizard shows it to the operator");
        if (property.contains("widget"))
            require(property["widget"].is_string() && known_widget(property["widget"].get<std::string>()),
                    place + ": its widget is none of secret, address, url, duration, bytes, choice-from: LIST");
        if (property.contains("order"))
            require(property["order"].is_number_integer(), place + ": its order must be a whole number");
        look_at(property, place);
        if (property.contains("items") && property["items"].is_object()) look_at(property["items"], place + "/0");
    }
}

void schema(Stage& stage) {
    const json& config = stage.subject.manifest.config;
    look_at(config, "");
    // A schema that can't be compiled refuses everything, also nothing at all.
    const auto empty = host::check_config(config, json::object());
    if (!empty) require(empty.failure().reason != "bad_schema", empty.failure().message);
    const json known = stage.config();
    json more = known;
    more["no-such-setting"] = 1;
    require(!host::check_config(config, more), "a setting that the schema does not name is not refused");
}

}  // namespace

std::vector<Test> lint_tests() {
    return {
        {"lint.manifest", "plugin.json and check/check.json are complete and every key is known.", "", anywhere(),
         manifest},
        {"lint.hash", "The file is the one that plugin.json gives the SHA-256 of.", "", anywhere(), hash},
        {"lint.elf", "The file is a shared library for this machine, its dynamic tables are sound.", "", anywhere(),
         elf},
        {"lint.exports", "It exports the entry and nothing else.", "", anywhere(), exports},
        {"lint.linkage", "It is bound at load, never unmapped, read-only where it can be, without a run path.", "",
         anywhere(), linkage},
        {"lint.sections", "Its section headers, which debuggers read, tell the truth.", "", anywhere(), sections},
        {"lint.schema", "The configuration's schema can be rendered, and takes the configuration of check.json.", "",
         anywhere(), schema},
    };
}

}  // namespace bh::check
