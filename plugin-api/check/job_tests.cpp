// The job rules: one op_id makes one thing, whatever happens in between.
#include "plugin-api/check/jobs.hpp"

namespace bh::check {
namespace {

void each_maker(Stage& stage, const std::function<void(const Maker&)>& body) {
    bool any = false;
    for (const Kind& kind : kinds_of(stage.subject)) {
        if (!kind.maker) continue;
        any = true;
        body(*kind.maker);
    }
    if (!any) throw NotApplicable{"a chain makes nothing under an op_id but transactions; see chain.submit"};
}

Thing make(Stage& stage, const Maker& maker, const std::string& op_id, const std::string& request) {
    const Attempt made = attempt(stage, maker.make, op_id, 1, request);
    require(made.ok(), maker.verb + ": " + made.said);
    const Thing thing =
        require_ok(maker.parse(made.text), maker.verb + " writes a document that does not fit its schema");
    require(thing.created_by == op_id, maker.verb + ": created_by is " + thing.created_by + ", the op_id is " + op_id);
    require(thing.instance == "check",
            maker.verb + ": the instance is " + thing.instance + "; it must be the one that create() was told");
    require(!thing.id.empty(), maker.verb + ": the thing has no id");
    return thing;
}

void remove(Stage& stage, const Maker& maker, const std::string& id, const std::string& op_id) {
    const Attempt removed = attempt(stage, maker.remove, op_id, 1, id);
    require(removed.ok(), maker.remover + ": " + removed.said);
}

void same(Stage& stage) {
    each_maker(stage, [&](const Maker& maker) {
        const std::string request = maker.request(stage, 0);
        const Thing first = make(stage, maker, "same-1", request);
        // Also when the kernel has lost the checkpoint, and says that it is the first attempt.
        const Thing second = make(stage, maker, "same-1", request);
        require(first.id == second.id, maker.verb + ": the same op_id made " + first.id + " and then " + second.id);
        require(made_by(stage, maker, "same-1").has_value(),
                maker.lister + " does not list what " + maker.verb + " made");
    });
}

void conflict(Stage& stage) {
    each_maker(stage, [&](const Maker& maker) {
        const std::string first = maker.request(stage, 0), other = maker.request(stage, 1);
        require(first != other, "check.json fixes all that could differ between two requests");
        make(stage, maker, "conflict-1", first);
        const Attempt again = attempt(stage, maker.make, "conflict-1", 2, other);
        require(again.status == BH_E_CONFLICT, maker.verb + " of the same op_id with other parameters answers " +
                                                   again.said + "; it must be BH_E_CONFLICT");
        make(stage, maker, "conflict-1", first);
    });
}

void remove_twice(Stage& stage) {
    each_maker(stage, [&](const Maker& maker) {
        const Thing thing = make(stage, maker, "remove-1", maker.request(stage, 0));
        remove(stage, maker, thing.id, "remove-2");
        require(!made_by(stage, maker, "remove-1"), maker.lister + " lists what " + maker.remover + " removed");
        remove(stage, maker, thing.id, "remove-2");
        remove(stage, maker, thing.id, "remove-3");
    });
}

// A document about the thing may be passed for its id.
void whole_document(Stage& stage) {
    each_maker(stage, [&](const Maker& maker) {
        const Attempt made = attempt(stage, maker.make, "whole-1", 1, maker.request(stage, 0));
        require(made.ok(), maker.verb + ": " + made.said);
        const Attempt removed = attempt(stage, maker.remove, "whole-2", 1, made.text);
        require(removed.ok(), maker.remover + " given the whole document: " + removed.said);
        require(!made_by(stage, maker, "whole-1"), maker.remover + " given the whole document removes nothing");
    });
}

void kill(Stage& stage) {
    each_maker(stage, [&](const Maker& maker) {
        const std::string request = maker.request(stage, 0);
        for (int at = 1;; ++at) {
            const std::string op_id = "kill-" + std::to_string(at);
            const Attempt killed = attempt(stage, maker.make, op_id, 1, request, {at, -1, BH_CANCEL_NONE});
            const std::string where = maker.verb + ", " + killed.said + " (point " + std::to_string(at) + ")";
            if (killed.died) {
                const Attempt resumed = attempt(stage, maker.make, op_id, 2, request);
                require(resumed.ok(), where + " and asked again answers " + resumed.said);
            } else {
                require(killed.ok(), maker.verb + ": " + killed.said);
            }
            const auto thing = made_by(stage, maker, op_id);
            require(thing.has_value(), where + " and asked again made nothing");
            remove(stage, maker, thing->id, op_id + "-remove");
            require(!made_by(stage, maker, op_id), maker.lister + " lists what was removed");
            if (!killed.died) return;
        }
    });
}

void check_cancelled(Stage& stage, const Maker& maker, const std::string& op_id, const std::string& request,
                     const Attempt& cancelled, std::uint32_t reason, const std::string& where) {
    const auto thing = made_by(stage, maker, op_id);
    const bool clean = cancelled.status == BH_E_CANCELLED || cancelled.status == BH_E_TIMEOUT;
    const bool allowed = cancelled.ok() || (reason == BH_CANCEL_ORDER && cancelled.status == BH_E_CANCELLED) ||
                         (reason == BH_CANCEL_SHUTDOWN && cancelled.status == BH_E_INTERRUPTED) ||
                         (reason == BH_CANCEL_DEADLINE &&
                          (cancelled.status == BH_E_TIMEOUT || cancelled.status == BH_E_UNKNOWN_OUTCOME));
    require(allowed, where + " answers " + cancelled.said);
    require(!clean || !thing,
            where + " answers " + status_name(cancelled.status) + ", and what it made is still there");
    require(!cancelled.ok() || thing, where + " answers BH_OK and made nothing");
    if (clean) return;
    const Attempt resumed = attempt(stage, maker.make, op_id, 2, request);
    require(resumed.ok(), where + " and asked again answers " + resumed.said);
    const auto again = made_by(stage, maker, op_id);
    require(again.has_value(), where + " and asked again made nothing");
    remove(stage, maker, again->id, op_id + "-remove");
}

void cancel(Stage& stage) {
    each_maker(stage, [&](const Maker& maker) {
        const std::string request = maker.request(stage, 0);
        struct Reason {
            const char* name;
            std::uint32_t value, meant;  // a reason that the plugin does not know is a shutdown
        };
        for (const auto& [name, reason, meant] :
             {Reason{"order", BH_CANCEL_ORDER, BH_CANCEL_ORDER},
              Reason{"shutdown", BH_CANCEL_SHUTDOWN, BH_CANCEL_SHUTDOWN},
              Reason{"deadline", BH_CANCEL_DEADLINE, BH_CANCEL_DEADLINE}, Reason{"unknown", 99, BH_CANCEL_SHUTDOWN}}) {
            for (int at = 0, boundaries = 1; at <= boundaries; ++at) {
                const std::string op_id = "cancel-" + std::string{name} + "-" + std::to_string(at);
                const Attempt cancelled = attempt(stage, maker.make, op_id, 1, request, {0, at, reason});
                boundaries = cancelled.boundaries;
                check_cancelled(stage, maker, op_id, request, cancelled, meant,
                                maker.verb + " cancelled (" + name + ") after point " + std::to_string(at));
            }
        }
    });
}

}  // namespace

std::vector<Test> job_tests() {
    return {
        {"job.same", "The same op_id twice is one thing, with created_by and instance as told.", "", anywhere(), same},
        {"job.conflict", "The same op_id with other parameters is BH_E_CONFLICT and changes nothing.", "", anywhere(),
         conflict},
        {"job.remove", "What was removed is gone from the list; to remove it again is BH_OK.", "", anywhere(),
         remove_twice},
        {"job.document", "A verb on a thing takes its whole document in place of its id.", "", anywhere(),
         whole_document},
        {"job.kill",
         "Killed with SIGKILL around every save(), progress() and effect, a second attempt ends with one thing.", "",
         anywhere(), kill},
        {"job.cancel", "Cancelled at every point, for every reason, it leaves what its status says.", "", anywhere(),
         cancel},
    };
}

}  // namespace bh::check
