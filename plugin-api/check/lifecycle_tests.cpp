// Instances: made, asked, stopped, destroyed.
#include "plugin-api/check/kinds.hpp"
#include "plugin-api/documents/strict_json.hpp"

#include <malloc.h>

#include <atomic>
#include <thread>

namespace bh::check {
namespace {

using nlohmann::json;

constexpr int kCycles = 1000;
constexpr int kWorkers = 20;
constexpr int kWarmUp = 50;
constexpr auto kCycleTime = std::chrono::seconds{15};
constexpr std::size_t kGrowthPerCycle = 64;  // bytes; what a leak of one small object exceeds

void cycles(Stage& stage) {
    const auto opened = open_plugin(stage);
    const auto kernel = make_kernel(stage, "check");
    const std::string config = stage.config().dump();
    const int wanted = stage.subject.mode.worker() ? kWorkers : kCycles;
    const auto until = std::chrono::steady_clock::now() + kCycleTime;
    std::size_t before = 0;
    int done = 0;
    for (; done < wanted && (done < kWarmUp * 2 || std::chrono::steady_clock::now() < until); ++done) {
        bh_instance* instance = nullptr;
        bh_error error{};
        error.struct_size = sizeof error;
        stage.step("create, cycle " + std::to_string(done));
        const bh_status status = opened->create(kernel->c(), sdk::str(config), &instance, &error);
        require(status == BH_OK, "create, cycle " + std::to_string(done) + ": " + Answer{status, "", error}.said());
        stage.step("quiesce, cycle " + std::to_string(done));
        opened->plugin()->quiesce(instance, 0, &error);
        stage.step("destroy, cycle " + std::to_string(done));
        opened->destroy(instance);
        if (done == kWarmUp) before = ::mallinfo2().uordblks;
    }
    if (stage.subject.mode.worker()) return;  // its memory went with it
    const std::size_t now = ::mallinfo2().uordblks, cycles = static_cast<std::size_t>(done - kWarmUp);
    const std::size_t growth = now > before ? (now - before) / cycles : 0;
    require(growth < kGrowthPerCycle, "each create and destroy leaks " + std::to_string(growth) + " bytes of memory");
}

void two(Stage& stage) {
    const Session first{stage, "first"};
    const Session second{stage, "second"};
    require(first.self != second.self, "two instances are one object");
    for (const Kind& kind : kinds_of(stage.subject)) {
        if (!kind.maker) continue;
        const Job job{stage, "first-1", 1};
        const std::string request = kind.maker->request(stage, 0);
        const Answer made = first.ask(kind.maker->verb, [&](bh_sink o, bh_error* e) {
            return kind.maker->make(first, job.c(), sdk::str(request), o, e);
        });
        require(made.status == BH_OK, kind.maker->verb + ": " + made.said());
        if (stage.config("first") == stage.config("second")) continue;  // one backend for both
        const Answer listed =
            second.ask(kind.maker->lister, [&](bh_sink o, bh_error* e) { return kind.maker->list(second, {}, o, e); });
        const auto page = kind.maker->parse_page(listed.text);
        require(page && page->things.empty(), kind.maker->lister + " of an instance lists what another one made");
    }
}

void bad_config(Stage& stage) {
    const auto opened = open_plugin(stage);
    const auto kernel = make_kernel(stage, "check");
    const json good = stage.config();
    std::vector<std::string> bad{"", "{", "[]", "null", "{}", "{\"a\":1,\"a\":2}", std::string(70000, '['), "\xff\xfe"};
    for (const auto& [key, value] : good.items()) {
        json without = good, retyped = good;
        without.erase(key);
        retyped[key] = value.is_string() ? json(17) : json("seventeen");
        bad.push_back(without.dump());
        bad.push_back(retyped.dump());
    }
    for (const std::string& text : bad) {
        auto* const untouched = reinterpret_cast<bh_instance*>(std::uintptr_t{0x5a5a});
        bh_instance* out = untouched;
        bh_error error{};
        error.struct_size = sizeof error;
        stage.step("create with the configuration " + text.substr(0, 100));
        const bh_status status = opened->create(kernel->c(), sdk::str(text), &out, &error);
        if (status == BH_OK)
            opened->destroy(out);
        else
            require(out == untouched, "a create() that fails changes *out");
    }
}

void check(Stage& stage) {
    if (stage.has_backend()) stage.backend();
    const auto opened = open_plugin(stage);
    const auto kernel = make_kernel(stage, "check");
    const std::string config = stage.config().dump();
    stage.step("check");
    sdk::Collector out;
    bh_error error{};
    error.struct_size = sizeof error;
    const bh_status status = opened->check(kernel->c(), sdk::str(config), 0, out.sink(), &error);
    require(status == BH_OK, "check() with the configuration of check/check.json: " + Answer{status, "", error}.said());
    const auto findings = require_ok(parse_findings(out.text()), "check() does not write findings.json");
    for (const Finding& finding : findings) {
        require(finding.severity == "error" || finding.severity == "warning" || finding.severity == "info",
                "check(): the severity " + finding.severity + " is none of error, warning, info");
        require(finding.severity != "error", "check() finds an error in the configuration of check/check.json: " +
                                                 finding.field + ": " + finding.message);
    }
}

void health(Stage& stage) {
    const Session session{stage};
    const Answer answer =
        session.ask("health", [&](bh_sink o, bh_error* e) { return session.plugin->health(session.self, o, e); });
    require(answer.status == BH_OK, "health() of an instance whose backend is there: " + answer.said());
    require_ok(read_strict_json(answer.text), "health() does not write JSON");
}

void quiesce(Stage& stage) {
    Session session{stage};
    const auto kinds = kinds_of(stage.subject);
    std::atomic<bool> stop = false;
    std::thread busy{[&] {
        while (!stop)
            for (const Kind& kind : kinds)
                for (const Reader& reader : kind.readers) {
                    sdk::Collector out;
                    bh_error error{};
                    error.struct_size = sizeof error;
                    reader.call(session, out.sink(), &error);
                }
    }};
    std::this_thread::sleep_for(std::chrono::milliseconds{20});  // so that the verbs run; none is waited for
    const Answer stopped = session.ask("quiesce, while verbs run", [&](bh_sink, bh_error* err) {
        return session.plugin->quiesce(session.self, 0, err);
    });
    stop = true;
    busy.join();
    require(stopped.status == BH_OK, "quiesce(): " + stopped.said());
    for (const Kind& kind : kinds) {
        for (const Reader& reader : kind.readers) {
            const Answer answer =
                session.ask(reader.name, [&](bh_sink o, bh_error* e) { return reader.call(session, o, e); });
            require(answer.status == BH_E_INTERRUPTED,
                    reader.name + " after quiesce() answers " + answer.said() + "; it must be BH_E_INTERRUPTED");
        }
    }
}

}  // namespace

std::vector<Test> lifecycle_tests() {
    return {
        {"lifecycle.create", "A thousand instances, or twenty workers, are made and destroyed, and no memory is lost.",
         "", anywhere(), cycles},
        {"lifecycle.two", "Two instances live side by side and do not see each other's things.", "", anywhere(), two},
        {"lifecycle.bad_config",
         "A configuration that is damaged never ends the process, and a failed create() leaves *out.", "", anywhere(),
         bad_config},
        {"lifecycle.check", "check() looks at the configuration and finds it good.", "", anywhere(), check},
        {"lifecycle.health", "health() reaches the backend.", "", anywhere(), health},
        {"lifecycle.quiesce", "quiesce() works while verbs run, and they are refused afterwards.", "", anywhere(),
         quiesce},
    };
}

}  // namespace bh::check
