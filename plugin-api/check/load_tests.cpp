// From the file to a table of functions.
#include "plugin-api/check/kinds.hpp"
#include "plugin-api/check/quiet.hpp"
#include "plugin-api/host/library.hpp"
#include "plugin-api/host/sealed_file.hpp"

#include <malloc.h>

namespace bh::check {
namespace {

bh_entry_args arguments() { return {sizeof(bh_entry_args), BH_ABI_MINOR, BH_ABI_DRAFT, 0, sdk::str("0.0.0")}; }

void constructor(Stage& stage) {
    auto file = require_ok(host::SealedFile::copy_of(stage.subject.file()), stage.subject.file());
    const Ended ended = stage.try_apart([&]() -> nlohmann::json {
        stage.step("being loaded");
        be_quiet(Quiet::no_effects, stage.shared);
        const auto entry = require_ok(host::map_library(file.proc_path()), "it can't be mapped");
        stage.step("bh_plugin_entry_v0");
        const bh_entry_args args = arguments();
        bh_error error{};
        error.struct_size = sizeof error;
        const std::size_t before = ::mallinfo2().uordblks;
        const bh_plugin* plugin = entry(&args, &error);
        require(::mallinfo2().uordblks <= before, "the entry allocates memory; it must return static storage");
        require(plugin != nullptr || error.code != BH_OK, "the entry returns NULL and says nothing in err");
        return {};
    });
    if (!ended.result)
        throw Wrong{"the plugin " + ended.how(stage.shared) +
                    ": its constructors and its entry may only "
                    "set up memory"};
    if (ended.result->contains("wrong")) throw Wrong{(*ended.result)["wrong"].get<std::string>()};
}

void entry(Stage& stage) {
    const auto opened = open_plugin(stage);
    if (stage.subject.mode.worker()) {
        // Its worker does what the loader does here, and tells what is wrong when the instance is made.
        if (stage.has_backend()) stage.backend();
        const Session session{stage};
        return;
    }
    const bh_plugin* plugin = opened->plugin();
    require(sdk::view(plugin->version) == stage.subject.manifest.version,
            "the code says version " + std::string{sdk::view(plugin->version)} + ", plugin.json " +
                stage.subject.manifest.version);
    require(plugin->abi_minor <= BH_ABI_MINOR, "it was compiled with a newer minor than its manifest's draft has");
}

void interfaces(Stage& stage) {
    const auto opened = open_plugin(stage);
    const bh_plugin* plugin = opened->plugin();
    for (const std::string& interface : known_interfaces()) {
        stage.step("query(" + interface + ")");
        const auto facts = table_facts(*plugin, interface);
        if (!stage.subject.offers(interface)) {
            require(!facts,
                    "lies about its interfaces: query() finds " + interface + ", which plugin.json does not name");
            continue;
        }
        require(facts.has_value(),
                "lies about its interfaces: plugin.json names " + interface + ", query() finds none");
        require(facts->size >= facts->known, interface + ": struct_size is " + std::to_string(facts->size) +
                                                 ", the "
                                                 "headers of this draft have " +
                                                 std::to_string(facts->known));
        std::string empty;
        for (const std::string& member : facts->empty) empty += (empty.empty() ? "" : ", ") + member;
        require(facts->empty.empty(), interface + ": the member " + empty + " is NULL");
        require(plugin->query(interface.c_str()) == plugin->query(interface.c_str()),
                interface + ": query() gives another table each time");
    }
    require(plugin->query("bh.no-such-thing/1") == nullptr, "query() finds an interface that there is not");
    require(plugin->query("") == nullptr, "query(\"\") finds something");
}

void query_is_quiet(Stage& stage) {
    stage.apart([&]() -> nlohmann::json {
        const auto opened = open_plugin(stage);
        const bh_plugin* plugin = opened->plugin();
        plugin->query(stage.subject.manifest.interfaces[0].c_str());
        stage.step("query(), which must not block");
        be_quiet(Quiet::no_block, stage.shared);
        for (const std::string& interface : known_interfaces()) plugin->query(interface.c_str());
        return {};
    });
}

}  // namespace

std::vector<Test> load_tests() {
    return {
        {"load.constructor", "Loading it writes, starts and opens nothing; its entry allocates nothing.", "",
         in_process("what loading does there stays in the sandbox"), constructor},
        {"load.entry", "The loader takes it: same draft, same id, same version, complete table.", "", anywhere(),
         entry},
        {"load.interfaces", "It offers what plugin.json names and nothing else; no member is NULL.", "",
         in_process("the kernel sees the proxy's tables there; what is missing shows in contract.documents"),
         interfaces},
        {"load.query", "query() does not block.", "", in_process("query() is answered by the proxy there"),
         query_is_quiet},
    };
}

}  // namespace bh::check
