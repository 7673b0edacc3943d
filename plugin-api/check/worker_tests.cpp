// What holds for a plugin in a worker besides everything else: its sandbox is enough for it, and its death harms
// nobody.
#include "plugin-api/check/kinds.hpp"

#include <poll.h>

#include <algorithm>

namespace bh::check {
namespace {

using nlohmann::json;

constexpr std::uint32_t kLongestPause = 100;  // ms
constexpr int kMostAsks = 400;
constexpr std::chrono::milliseconds kReportTime{5000}, kLastWord{200};
constexpr const char* kWhy = "there is no worker";

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
    return all;
}

// Until it is no longer pending, nor the worker on its way up.
Answer ask_on(const Session& session, const Maker& maker, const JobVerb& verb, const std::string& op_id,
              std::uint32_t number, const std::string& argument) {
    for (int i = 0; i < kMostAsks; ++i) {
        const Job job{session.stage, op_id, number + static_cast<std::uint32_t>(i)};
        Answer answer = session.ask(
            maker.verb, [&](bh_sink o, bh_error* e) { return verb(session, job.c(), sdk::str(argument), o, e); });
        const bool waits = answer.status == BH_PENDING || (answer.status == BH_E_UNAVAILABLE &&
                                                           std::string_view{answer.error.reason} == "worker_waits");
        if (!waits) return answer;
        ::poll(nullptr, 0, static_cast<int>(std::clamp(answer.error.retry_after_ms, 1u, kLongestPause)));
    }
    throw Wrong{maker.verb + " is BH_PENDING after " + std::to_string(kMostAsks) + " asks"};
}

// What the process that watches over the plugin tells arrives on its own time.
template <class F>
Opened::Cage cage_with(const Session& session, std::chrono::milliseconds time, F&& told) {
    const auto until = std::chrono::steady_clock::now() + time;
    for (;;) {
        Opened::Cage cage = session.opened->cage(session.self);
        if (told(cage) || std::chrono::steady_clock::now() >= until) return cage;
        ::poll(nullptr, 0, 1);
    }
}

void sandbox(Stage& stage) {
    if (stage.has_backend()) stage.backend();
    const Session session{stage};
    const Opened::Cage cage = cage_with(session, kReportTime, [](const Opened::Cage& c) { return !c.sandbox.empty(); });
    require(!cage.sandbox.empty(), "the worker does not say what its sandbox is made of");
    stage.note(cage.sandbox + "; memory limited by " + cage.limits);
}

// Not wrong by itself: libraries try things and go on without. Who reads the report sees what it goes on without.
void calls(Stage& stage) {
    if (stage.has_backend()) stage.backend();
    const Session session{stage};
    for (const Kind& kind : kinds_of(stage.subject)) {
        for (const Reader& reader : kind.readers) {
            const Answer answer =
                session.ask(reader.name, [&](bh_sink o, bh_error* e) { return reader.call(session, o, e); });
            require(answer.status == BH_OK, reader.name + ": " + answer.said());
        }
        if (!kind.maker) continue;
        const Maker& maker = *kind.maker;
        const Answer made = ask_on(session, maker, maker.make, "calls-1", 1, maker.request(stage, 0));
        require(made.status == BH_OK, maker.verb + ": " + made.said());
        const Thing thing = require_ok(maker.parse(made.text), maker.verb);
        const Answer removed = ask_on(session, maker, maker.remove, "calls-2", 1, thing.id);
        require(removed.status == BH_OK, maker.remover + ": " + removed.said());
    }
    const auto refused =
        cage_with(session, kLastWord, [](const Opened::Cage& c) { return !c.refused.empty(); }).refused;
    stage.note(refused.empty() ? "none refused" : "refused, and it went on: " + joined(refused));
}

// -> whether there was such a point.
bool killed_at(Stage& stage, const Maker& maker, int at) {
    const json reached = stage.apart([&]() -> json {
        const Session session{stage};
        const std::string request = maker.request(stage, 0), op_id = "killed-" + std::to_string(at);
        stage.shared.boundaries = 0;
        stage.disturbance.die_at = at;
        stage.disturbance.victim = [&] { session.opened->kill(session.self); };
        const Answer killed = ask_on(session, maker, maker.make, op_id, 1, request);
        stage.disturbance = {};
        const bool reached_it = stage.shared.boundaries >= at;
        const std::string where =
            maker.verb + ", its worker killed at " + stage.shared.last_words + " (point " + std::to_string(at) + ")";
        const bool told = killed.status == (reached_it ? BH_E_UNKNOWN_OUTCOME : BH_OK);
        require(told, (reached_it ? where : maker.verb) + " answers " + killed.said());
        // The same proxy, whose worker comes up again.
        const Answer resumed = ask_on(session, maker, maker.make, op_id, 100, request);
        require(resumed.status == BH_OK, where + " and asked again answers " + resumed.said());
        const Answer listed =
            session.ask(maker.lister, [&](bh_sink o, bh_error* e) { return maker.list(session, {}, o, e); });
        require(listed.status == BH_OK, maker.lister + ": " + listed.said());
        const Page page = require_ok(maker.parse_page(listed.text), maker.lister);
        const auto count = std::count_if(page.things.begin(), page.things.end(),
                                         [&](const Thing& thing) { return thing.created_by == op_id; });
        require(count == 1, where + " and asked again made " + std::to_string(count) + " things");
        const Thing thing = require_ok(maker.parse(resumed.text), maker.verb);
        const Answer removed = ask_on(session, maker, maker.remove, op_id + "-remove", 1, thing.id);
        require(removed.status == BH_OK, maker.remover + ": " + removed.said());
        return reached_it;
    });
    return reached.get<bool>();
}

void killed(Stage& stage) {
    bool any = false;
    for (const Kind& kind : kinds_of(stage.subject)) {
        if (!kind.maker) continue;
        any = true;
        for (int at = 1; killed_at(stage, *kind.maker, at); ++at) continue;
    }
    if (!any) throw NotApplicable{"a chain makes nothing under an op_id but transactions; see chain.worker_killed"};
}

}  // namespace

std::vector<Test> worker_tests() {
    return {
        {"worker.sandbox", "The sandbox comes up around it, and it works with what its manifest names.", "",
         in_worker(kWhy), sandbox},
        {"worker.calls", "It goes on without the system calls that the sandbox refuses.", "", in_worker(kWhy), calls},
        {"worker.killed",
         "Its worker killed around every save(), progress() and effect, the verb says so, and the next attempt ends "
         "with one thing.",
         "", in_worker(kWhy), killed},
    };
}

}  // namespace bh::check
