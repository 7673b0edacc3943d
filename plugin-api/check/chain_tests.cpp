// What a chain owes: a cursor that means one thing, reads that say where they hold, one transaction per op_id. The
// backend in check/ makes purchases, blocks and reorganisations.
#include "plugin-api/check/jobs.hpp"
#include "plugin-api/check/quiet.hpp"
#include "plugin-api/documents/chain.hpp"

#include <algorithm>

namespace bh::check {
namespace {

using nlohmann::json;
using sdk::str;

constexpr std::uint32_t kMostEvents = 100;
constexpr std::int64_t kDeliveryTime = 3000;  // seconds of the chain

const bh_chain& table(const Session& s) { return s.table<bh_chain>(BH_CHAIN); }

ChainEvents poll_once(const Session& session, const std::string& cursor, std::uint32_t max) {
    const Job job{session.stage, "poll", 1};
    const Answer answer = session.ask("poll", [&](bh_sink o, bh_error* e) {
        return table(session).poll(session.self, job.c(), str(cursor), max, o, e);
    });
    require(answer.status == BH_OK, "poll: " + answer.said());
    return require_ok(parse_chain_events(answer.text), "poll");
}

// From `cursor` on until there is nothing more; `cursor` is moved.
ChainEvents poll_all(const Session& session, std::string& cursor, std::uint32_t max = kMostEvents) {
    ChainEvents all;
    for (int i = 0; i < 10000; ++i) {
        ChainEvents some = poll_once(session, cursor, max);
        require(some.events.size() <= max, "poll gives more events than it was asked for");
        const bool more = some.more && (some.cursor != cursor || !some.events.empty());
        cursor = some.cursor;
        some.events.insert(some.events.begin(), all.events.begin(), all.events.end());
        all = std::move(some);
        if (!more) return all;
    }
    throw Wrong{"poll says \"more\" for ever"};
}

std::string name_of(const ChainEvent& event) {
    return event.type + " in " + event.position.id + ", log " + std::to_string(event.log_index);
}

json do_(Stage& stage, const json& request) { return require_ok(stage.backend().ask(request), "check.json"); }

void cursor(Stage& stage) {
    stage.backend();
    do_(stage, {{"do", "purchase"}});
    do_(stage, {{"do", "purchase"}});
    do_(stage, {{"do", "mine"}, {"blocks", 3}});
    const Session session{stage};
    std::string at;
    const ChainEvents whole = poll_all(session, at);
    const auto bought = std::count_if(whole.events.begin(), whole.events.end(),
                                      [](const ChainEvent& e) { return e.type == "purchased"; });
    require(bought == 2, "poll reports " + std::to_string(bought) + " purchases of two");
    require(
        std::is_sorted(whole.events.begin(), whole.events.end(),
                       [](const ChainEvent& a, const ChainEvent& b) { return a.position.height < b.position.height; }),
        "poll does not report the oldest first");
    require(!whole.recent.empty() && whole.recent.back().position == whole.head.position,
            "poll: recent does not end with head");
    std::string again, piecewise;
    const ChainEvents repeated = poll_all(session, again), pieces = poll_all(session, piecewise, 1);
    for (const ChainEvents* other : {&repeated, &pieces}) {
        require(other->events.size() == whole.events.size(),
                "poll from the same cursor gives another number of events");
        for (std::size_t i = 0; i < whole.events.size(); ++i)
            require(name_of(other->events[i]) == name_of(whole.events[i]),
                    "poll from the same cursor gives " + name_of(other->events[i]) + " where it gave " +
                        name_of(whole.events[i]));
    }
    require(poll_once(session, at, kMostEvents).events.empty(),
            "poll after the newest cursor reports what was reported");
}

void reorganisation(Stage& stage) {
    stage.backend();
    do_(stage, {{"do", "mine"}, {"blocks", 4}});
    std::string at;
    {
        const Session before{stage};
        poll_all(before, at);
    }
    do_(stage, {{"do", "purchase"}});
    do_(stage, {{"do", "mine"}, {"blocks", 1}});
    std::string after_purchase = at;
    Position bought;
    {
        const Session session{stage};
        const ChainEvents seen = poll_all(session, after_purchase);
        for (const ChainEvent& event : seen.events)
            if (event.type == "purchased") bought = event.position;
        require(bought.known(), "poll does not report the purchase");
    }
    do_(stage, {{"do", "reorg"}, {"depth", 2}});
    // A restart in between: what is needed to notice stands in the cursor and the store.
    const Session session{stage};
    std::string last = after_purchase;
    const ChainEvents seen = poll_all(session, last);
    require(!seen.events.empty() && seen.events[0].type == "rollback",
            "after a reorganisation the first event is not a rollback");
    require(seen.events[0].position.height < bought.height, "the rollback leads to block " +
                                                                std::to_string(seen.events[0].position.height) +
                                                                "; the purchase that is "
                                                                "gone was in " +
                                                                std::to_string(bought.height));
    const auto rollbacks =
        std::count_if(seen.events.begin(), seen.events.end(), [](const ChainEvent& e) { return e.type == "rollback"; });
    require(rollbacks == 1, "one reorganisation is reported " + std::to_string(rollbacks) + " times");
    for (const ChainEvent& event : seen.events)
        require(event.position.id != bought.id, "after the rollback poll reports a block that is gone");
    std::string fresh;
    const ChainEvents anew = poll_all(session, fresh);
    for (const ChainEvent& event : anew.events)
        require(event.position.id != bought.id, "poll from the start reports a block that is gone");
}

struct Purchase {
    std::string subscription, order;
    std::int64_t deadline = 0;
};
// Bought and mined: the newest one that poll reports.
Purchase purchase(Stage& stage) {
    do_(stage, {{"do", "purchase"}});
    do_(stage, {{"do", "mine"}, {"blocks", 2}});
    const json bought = stage.apart([&]() -> json {
        const Session session{stage};
        std::string at;
        const ChainEvents seen = poll_all(session, at);
        json newest;
        for (const ChainEvent& event : seen.events)
            if (event.type == "purchased") newest = {event.subscription, event.order, seen.head.time.seconds};
        require(!newest.is_null(), "poll does not report a purchase");
        return newest;
    });
    return {bought[0], bought[1], bought[2].get<std::int64_t>() + kDeliveryTime};
}

void reads(Stage& stage) {
    const std::string id = purchase(stage).subscription;
    const Session session{stage};
    const Position head = poll_once(session, "", 1).head.position;
    const auto state = [&](const std::string& subscription, const std::string& at) {
        return session.ask("subscription_state", [&](bh_sink o, bh_error* e) {
            return table(session).subscription_state(session.self, str(subscription), str(at), 0, o, e);
        });
    };
    const Answer known = state(id, to_json(head));
    require(known.status == BH_OK, "subscription_state: " + known.said());
    const SubscriptionState found = require_ok(parse_subscription_state(known.text), "subscription_state");
    require(found.exists && found.subscription == id,
            "subscription_state does not know a subscription that was bought");
    require(found.position == head, "subscription_state answers for another position than it was asked at");
    const Answer none = state("999999", "");
    require(none.status == BH_OK,
            "subscription_state of one that there is not: " + none.said() + "; that is an answer");
    require(!require_ok(parse_subscription_state(none.text), "subscription_state").exists,
            "subscription_state knows a subscription that there is not");
    const Answer lost = state(id, to_json(Position{"0x" + std::string(64, '9'), head.height}));
    require(lost.status == BH_E_UNAVAILABLE,
            "subscription_state at a block that there is not answers " + lost.said() + "; it must be BH_E_UNAVAILABLE");
    const Answer owner = session.ask("owner_of", [&](bh_sink o, bh_error* e) {
        return table(session).owner_of(session.self, str(id), {}, 0, o, e);
    });
    require(owner.status == BH_OK, "owner_of: " + owner.said());
    require(!require_ok(parse_owner(owner.text), "owner_of").exists,
            "owner_of knows a credential that was not delivered");
}

// With the head as the final position: how the kernel asks when its rule is latest+0.
JobVerb submit_verb() {
    return [](const Session& s, const bh_call* call, bh_str intent, bh_sink out, bh_error* err) {
        const std::string final_at = to_json(poll_once(s, "", 1).head.position);
        return table(s).submit(s.self, call, intent, str(final_at), out, err);
    };
}
std::string deliver_intent(const Purchase& bought) {
    Intent intent;
    intent.action = "deliver";
    intent.subscription = bought.subscription;
    intent.order = bought.order;
    intent.deadline = {bought.deadline};
    intent.sealed = Bytes(200, 0x5a);
    intent.attestation_hash = Bytes(32, 0xa7);
    return to_json(intent);
}

// How often the chain says that it was delivered.
std::size_t deliveries(Stage& stage, const std::string& subscription) {
    return stage
        .apart([&]() -> json {
            const Session session{stage};
            std::string cursor;
            std::size_t count = 0;
            for (const ChainEvent& event : poll_all(session, cursor).events)
                count += event.type == "delivered" && event.subscription == subscription ? 1 : 0;
            return count;
        })
        .get<std::size_t>();
}

void submit(Stage& stage) {
    const Purchase bought = purchase(stage);
    const std::string intent = deliver_intent(bought), id = bought.subscription;
    const Attempt done = attempt(stage, submit_verb(), "submit-1", 1, intent);
    require(done.ok(), "submit of deliver: " + done.said);
    const Receipt receipt = require_ok(parse_receipt(done.text), "submit");
    const Attempt again = attempt(stage, submit_verb(), "submit-1", 9, intent);
    require(again.ok(), "submit of the same op_id: " + again.said);
    require(require_ok(parse_receipt(again.text), "submit").tx == receipt.tx, "the same op_id is two transactions");
    require(deliveries(stage, id) == 1,
            "the chain says " + std::to_string(deliveries(stage, id)) + " deliveries of one");
    const Attempt other = attempt(stage, submit_verb(), "submit-1", 10, deliver_intent(purchase(stage)));
    require(other.status == BH_E_CONFLICT, "submit of the same op_id with another intent answers " + other.said);
}

void kill_submit(Stage& stage, bool worker) {
    for (int at = 1;; ++at) {
        const Purchase bought = purchase(stage);
        const std::string intent = deliver_intent(bought), op_id = "killed-" + std::to_string(at);
        const Attempt killed = attempt(stage, submit_verb(), op_id, 1, intent, {at, -1, BH_CANCEL_NONE, worker});
        const std::string where = "submit, " + killed.said + " (point " + std::to_string(at) + ")";
        if (killed.died) {
            const Attempt resumed = attempt(stage, submit_verb(), op_id, 2, intent);
            require(resumed.ok(), where + " and asked again answers " + resumed.said);
        } else {
            require(killed.ok(), "submit: " + killed.said);
        }
        const std::size_t count = deliveries(stage, bought.subscription);
        require(count == 1, where + " and asked again is delivered " + std::to_string(count) + " times");
        if (!killed.died) return;
    }
}
void submit_killed(Stage& stage) { kill_submit(stage, false); }
void worker_killed(Stage& stage) { kill_submit(stage, true); }

void pure(Stage& stage) {
    const auto names = stage.backend().names();
    require(names.contains("address"), "check.json: the backend's first line must give an \"address\" for this check");
    const std::string address = names.at("address");
    stage.apart([&]() -> json {
        const Session session{stage};
        const auto spell = [&](const std::string& text) {
            return session.ask("parse_address, which must not block", [&](bh_sink o, bh_error* e) {
                return table(session).parse_address(session.self, str(text), o, e);
            });
        };
        const auto recover = [&](const Bytes& signature) {
            return session.ask("recover_signer, which must not block", [&](bh_sink o, bh_error* e) {
                return table(session).recover_signer(session.self, str("eip191"), sdk::raw(std::string_view{"hello"}),
                                                     sdk::raw(signature), o, e);
            });
        };
        const Answer canonical = spell(address);
        require(canonical.status == BH_OK, "parse_address of " + address + ": " + canonical.said());
        recover(Bytes(65, 1));
        // From outside of a worker it can't be seen.
        if (!stage.subject.mode.worker()) be_quiet(Quiet::no_block, stage.shared);
        require(spell(canonical.text).text == canonical.text,
                "parse_address of a canonical address gives another spelling");
        require(spell("no address").status == BH_E_INVALID, "parse_address takes what is no address");
        // Whoever it names, or that it is no signature: it must come to that without waiting.
        recover(Bytes(65, 1));
        return {};
    });
}

}  // namespace

Kind chain_kind() {
    Kind kind{BH_CHAIN, {}, {}, {}, {}};
    kind.readers = {
        {"describe", [](const Session& s, bh_sink o, bh_error* e) { return table(s).describe(s.self, o, e); },
         parses(parse_chain_description)},
        {"poll",
         [](const Session& s, bh_sink o, bh_error* e) {
             const Job job{s.stage, "poll", 1};
             return table(s).poll(s.self, job.c(), {}, 1, o, e);
         },
         parses(parse_chain_events)}};
    kind.takers = {{"submit", [](const Session& s, const bh_call* c, bh_str intent, bh_sink o, bh_error* e) {
                        return table(s).submit(s.self, c, intent, {}, o, e);
                    }}};
    return kind;
}

std::vector<Test> chain_tests() {
    return {
        {"chain.cursor", "The same cursor gives the same events, whole or in pieces, the oldest first.", BH_CHAIN,
         anywhere(), cursor},
        {"chain.reorg", "After a reorganisation a rollback comes first, also after a restart.", BH_CHAIN, anywhere(),
         reorganisation},
        {"chain.reads", "A read names its position; what does not exist is an answer; an unknown block is not.",
         BH_CHAIN, anywhere(), reads},
        {"chain.submit", "One op_id is one transaction and one effect.", BH_CHAIN, anywhere(), submit},
        {"chain.submit_killed", "Killed around every signature and save(), a second attempt ends with one effect.",
         BH_CHAIN, anywhere(), submit_killed},
        {"chain.worker_killed",
         "Its worker killed around every signature and save(), a second attempt ends with one effect.", BH_CHAIN,
         in_worker("there is no worker"), worker_killed},
        {"chain.pure", "parse_address and recover_signer do not block.", BH_CHAIN, anywhere(), pure},
    };
}

}  // namespace bh::check
