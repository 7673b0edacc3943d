// A secret that the plugin was lent must be nowhere afterwards.
#include "plugin-api/check/jobs.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace bh::check {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string contents(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void canary(Stage& stage) {
    if (stage.subject.manifest.secrets.empty()) throw NotApplicable{"plugin.json asks for no secret"};
    for (const std::string& name : stage.subject.manifest.secrets)
        require(stage.subject.setup.secrets.contains(name),
                "check.json gives no value for the secret " + name + "; without it nothing can be looked for");
    if (stage.has_backend()) stage.backend();
    json seen = json::array();
    const Ended ended = stage.try_apart([&]() -> json {
        json all = json::array();
        const Session session{stage};
        const auto note = [&](const std::string& verb, const Answer& answer) {
            all.push_back({verb, answer.text + answer.said()});
        };
        note("health",
             session.ask("health", [&](bh_sink o, bh_error* e) { return session.plugin->health(session.self, o, e); }));
        const std::string config = stage.config().dump();
        note("check", session.ask("check", [&](bh_sink o, bh_error* e) {
            return session.opened->check(session.kernel->c(), sdk::str(config), 0, o, e);
        }));
        for (const Kind& kind : kinds_of(stage.subject)) {
            for (const Reader& reader : kind.readers)
                note(reader.name,
                     session.ask(reader.name, [&](bh_sink o, bh_error* e) { return reader.call(session, o, e); }));
            for (const Missing& verb : kind.missing)
                note(verb.name,
                     session.ask(verb.name, [&](bh_sink o, bh_error* e) { return verb.call(session, o, e); }));
        }
        for (char** entry = environ; *entry != nullptr; ++entry) all.push_back({"the environment", *entry});
        return all;
    });
    if (!ended.result) throw Wrong{"the plugin " + ended.how(stage.shared)};
    if (ended.result->contains("wrong")) throw Wrong{(*ended.result)["wrong"].get<std::string>()};
    for (const auto& [name, pattern] : stage.subject.setup.secrets) {
        const std::string secret = stage.fill(pattern);
        // A part of it that the author marked so, such as a password in a URL, must not leak on its own either.
        const std::size_t mark = secret.find("canary");
        const std::string part =
            mark == std::string::npos ? secret : secret.substr(mark, secret.find_first_of(":@/", mark) - mark);
        const auto must_not = [&](const std::string& text, const std::string& where) {
            require(text.find(secret) == std::string::npos && text.find(part) == std::string::npos,
                    "the secret " + name + " stands in " + where);
        };
        for (const json& row : (*ended.result)["ok"]) must_not(row[1], "the answer of " + row[0].get<std::string>());
        must_not(ended.output, "its output");
        for (const auto& entry : fs::recursive_directory_iterator{stage.directory})
            if (entry.is_regular_file() && entry.path().string().find("/backend/") == std::string::npos)
                must_not(contents(entry.path()), entry.path().lexically_relative(stage.directory).string());
    }
}

}  // namespace

std::vector<Test> secret_tests() {
    return {{"secret.canary", "A secret it was lent is in no answer, error, log, file, store or output.", "",
             anywhere(), canary}};
}

}  // namespace bh::check
