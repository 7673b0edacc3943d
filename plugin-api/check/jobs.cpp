#include "plugin-api/check/jobs.hpp"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <utility>

namespace bh::check {
namespace {

using nlohmann::json;

constexpr int kMostAsks = 400;
constexpr std::size_t kMostPages = 1000;

json ask_once(Stage& stage, const JobVerb& verb, const std::string& op_id, std::uint32_t number,
              const std::string& argument) {
    // What happens while the instance comes up and goes is not part of the job.
    const Disturbance disturbance = std::exchange(stage.disturbance, {});
    const Session session{stage};
    stage.shared.boundaries = 0;
    stage.disturbance = disturbance;
    if (disturbance.worker) stage.disturbance.victim = [&] { session.opened->kill(session.self); };
    const Job job{stage, op_id, number};
    const Answer answer =
        session.ask("attempt " + std::to_string(number) + " of " + op_id,
                    [&](bh_sink o, bh_error* e) { return verb(session, job.c(), sdk::str(argument), o, e); });
    stage.disturbance = {};
    const int boundaries = stage.shared.boundaries;
    return {{"status", answer.status},
            {"text", answer.text},
            {"said", answer.said()},
            {"wait", answer.error.retry_after_ms},
            {"boundaries", boundaries}};
}

}  // namespace

Attempt attempt(Stage& stage, const JobVerb& verb, const std::string& op_id, std::uint32_t number,
                const std::string& argument, const Disturbance& disturbance) {
    if (stage.has_backend()) stage.backend();
    for (int i = 0; i < kMostAsks; ++i) {
        stage.disturbance = i == 0 ? disturbance : Disturbance{};
        const Ended ended = stage.try_apart(
            [&] { return ask_once(stage, verb, op_id, number + static_cast<std::uint32_t>(i), argument); });
        stage.disturbance = {};
        if (!ended.result && ended.signal == SIGKILL && disturbance.die_at > 0 && i == 0)
            return {true, BH_OK, "", std::string{"killed at "} + stage.shared.last_words, disturbance.die_at};
        if (!ended.result) throw Wrong{"the plugin " + ended.how(stage.shared)};
        if (ended.result->contains("wrong")) throw Wrong{(*ended.result)["wrong"].get<std::string>()};
        const json& ok = ended.result->at("ok");
        Attempt done{false, ok["status"].get<bh_status>(), ok["text"], ok["said"], ok["boundaries"]};
        if (disturbance.worker && i == 0 && done.boundaries >= disturbance.die_at) {
            // Nobody waits for what progress() comes to: the verb's own answer may have been on its way already.
            const bool overtaken = std::string_view{stage.shared.last_words} == "progress()" &&
                                   (done.status == BH_PENDING || done.status == BH_OK);
            require(done.status == BH_E_UNKNOWN_OUTCOME || overtaken,
                    "a verb whose worker was killed answers " + done.said);
            done.died = true;
            done.said = std::string{"its worker killed at "} + stage.shared.last_words;
        }
        if (done.died || done.status != BH_PENDING) return done;
        if (stage.has_backend()) require_ok(stage.backend().ask({{"do", "mine"}}), "check.json");
        ::poll(nullptr, 0, static_cast<int>(std::clamp(ok["wait"].get<std::uint32_t>(), 1u, 50u)));
    }
    throw Wrong{"the verb is BH_PENDING after " + std::to_string(kMostAsks) + " asks"};
}

std::vector<Thing> list_all(Stage& stage, const Maker& maker) {
    const json all = stage.apart([&]() -> json {
        const Session session{stage};
        json things = json::array();
        std::string token;
        for (std::size_t i = 0; i < kMostPages; ++i) {
            const Answer answer = session.ask(
                maker.lister, [&](bh_sink o, bh_error* e) { return maker.list(session, sdk::str(token), o, e); });
            require(answer.status == BH_OK, maker.lister + ": " + answer.said());
            const Page page = require_ok(maker.parse_page(answer.text), maker.lister +
                                                                            " writes a document that does not "
                                                                            "fit its schema");
            for (const Thing& thing : page.things) things.push_back({thing.id, thing.created_by, thing.instance});
            if (page.next.empty()) return things;
            require(page.next != token, maker.lister + " names the same page as the next one, for ever");
            token = page.next;
        }
        throw Wrong{maker.lister + " has no last page"};
    });
    std::vector<Thing> things;
    for (const json& one : all) things.push_back({one[0], one[1], one[2]});
    return things;
}

std::optional<Thing> made_by(Stage& stage, const Maker& maker, const std::string& op_id) {
    std::optional<Thing> found;
    for (const Thing& thing : list_all(stage, maker)) {
        if (thing.created_by != op_id) continue;
        require(!found, maker.verb + ": two things were made by " + op_id);
        require(thing.instance == "check",
                maker.lister + ": the instance is " + thing.instance + "; it must be the one that create() was told");
        found = thing;
    }
    return found;
}

}  // namespace bh::check
