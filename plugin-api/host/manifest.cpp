#include "plugin-api/host/manifest.hpp"

#include "plugin-api/documents/codec.hpp"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace bh::host {

template <class F>
void fields(F& f, Is<Program> auto& x) {
    f.required("name", x.name, "");
    f.required("kind", x.kind, "");
    f.optional("commands", x.commands, "");
}
template <class F>
void fields(F& f, Is<Manifest::Abi> auto& x) {
    f.required("major", x.major, "");
    f.required("draft", x.draft, "");
}
template <class F>
void fields(F& f, Is<Manifest> auto& x) {
    f.required("id", x.id, "");
    f.required("version", x.version, "");
    f.required("title", x.title, "");
    f.required("description", x.description, "");
    f.required("licence", x.licence, "");
    f.required("file", x.file, "");
    f.required("sha256", x.sha256, "");
    f.required("abi", x.abi, "");
    f.required("interfaces", x.interfaces, "");
    f.required("services", x.services, "");
    f.required("secrets", x.secrets, "");
    f.required("keys", x.keys, "");
    f.required("programs", x.programs, "");
    f.required("threads", x.threads, "");
    f.required("isolation", x.isolation, "");
    f.required("network", x.network, "");
    f.required("paths", x.paths, "");
    f.optional("chains", x.chains, "");
}

namespace {

constexpr const char* kIdPattern = "[a-z][a-z0-9-]*(\\.[a-z0-9][a-z0-9-]*){1,9}";
constexpr const char* kVersionPattern = "[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?";
constexpr const char* kInterfacePattern = "bh(\\.[a-z0-9]+)+/[0-9]+";
constexpr const char* kNamePattern = "[a-z0-9][a-z0-9._-]{0,63}";

// The known keys of the manifest, to name one that is misspelt: unlike a document it is written by hand.
const std::set<std::string> kKeys{"id",      "version", "title",    "description", "licence",
                                  "file",    "sha256",  "abi",      "interfaces",  "services",
                                  "secrets", "keys",    "programs", "threads",     "isolation",
                                  "network", "paths",   "config",   "chains"};

class Checker {
public:
    void matches(const std::string& key, const std::string& value, const char* pattern, const char* must) {
        if (value.size() > 256 || !std::regex_match(value, std::regex{pattern})) fail("/" + key, must);
    }
    void each_matches(const std::string& key, const std::vector<std::string>& values, const char* pattern,
                      const char* must) {
        for (std::size_t i = 0; i < values.size(); ++i)
            matches(key + "/" + std::to_string(i), values[i], pattern, must);
    }
    void fail(const std::string& pointer, const std::string& what) {
        if (!failure_) failure_ = invalid("bad_manifest", pointer + ": " + what);
    }
    [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

private:
    std::optional<Failure> failure_;
};

void check_programs(Checker& check, const std::vector<Program>& programs) {
    for (std::size_t i = 0; i < programs.size(); ++i) {
        const std::string at = "/programs/" + std::to_string(i);
        check.matches(at.substr(1) + "/name", programs[i].name, kNamePattern, "must be a name of a-z, 0-9 and ._-");
        if (programs[i].kind != "unit" && programs[i].kind != "tool") check.fail(at + "/kind", "must be unit or tool");
        if (programs[i].kind == "tool" && programs[i].commands.empty())
            check.fail(at + "/commands", "a tool needs at least one list of argument patterns");
    }
}

std::optional<Failure> check_values(const Manifest& m) {
    Checker check;
    check.matches("id", m.id, kIdPattern, "must be a reverse-DNS name such as org.example.thing");
    check.matches("version", m.version, kVersionPattern, "must be a version such as 1.2.3");
    check.matches("file", m.file, "[A-Za-z0-9][A-Za-z0-9._-]*", "must be the name of a file beside the manifest");
    check.matches("sha256", m.sha256, "[0-9a-f]{64}", "must be 64 lower-case hex digits");
    if (m.interfaces.empty()) check.fail("/interfaces", "must name at least one interface");
    check.each_matches("interfaces", m.interfaces, kInterfacePattern, "must be an id such as bh.storage/1");
    check.each_matches("services", m.services, kInterfacePattern, "must be an id such as bh.svc.log/1");
    check.each_matches("secrets", m.secrets, kNamePattern, "must be a name of a-z, 0-9 and ._-");
    check.each_matches("keys", m.keys, kNamePattern, "must be a name of a-z, 0-9 and ._-");
    check.each_matches("chains", m.chains, kNamePattern, "must be a name of a-z, 0-9 and ._-");
    check_programs(check, m.programs);
    if (m.isolation != "process" && m.isolation != "either" && m.isolation != "inprocess")
        check.fail("/isolation", "must be process, either or inprocess");
    if (!m.config.is_object() || m.config.value("type", nlohmann::json{}) != "object")
        check.fail("/config", "must be a JSON Schema of the type object");
    return check.failure();
}

Result<Manifest> parse(std::string_view text) {
    Result<nlohmann::json> node = read_strict_json(text);
    if (!node) return node.failure();
    if (!node->is_object()) return invalid("bad_manifest", "must be a JSON object");
    for (const auto& [key, value] : node->items())
        if (!kKeys.contains(key))
            return invalid("bad_manifest", "/" + pointer_token(key) + ": is not a key of a manifest");
    codec::Place at;
    Manifest manifest;
    codec::read(at, *node, manifest);
    if (!at.ok()) return *at.failure();
    const auto config = node->find("config");
    if (config == node->end()) return invalid("bad_manifest", "/config: is missing");
    manifest.config = *config;
    if (const auto failure = check_values(manifest)) return *failure;
    return manifest;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, const std::string& where) {
    Result<Manifest> manifest = parse(text);
    if (manifest) return manifest;
    return invalid("bad_manifest", "manifest " + where + ": " + manifest.failure().message);
}

Result<Manifest> read_manifest(const std::string& path) {
    const auto text = read_manifest_text(path);
    if (!text) return text.failure();
    return parse_manifest(*text, path);
}

Result<std::string> read_manifest_text(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file)
        return Failure{BH_E_INVALID, "no_manifest",
                       "manifest " + path + ": can't be read; install the plugin again or correct its id"};
    std::string text(kMaxDocumentBytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

}  // namespace bh::host
