// How the functions of the ABI answer: errors, sinks, sizes, documents.
#include "plugin-api/check/kinds.hpp"
#include "plugin-api/documents/strict_json.hpp"

#include <algorithm>
#include <thread>

namespace bh::check {
namespace {

void each_kind(Stage& stage, const std::function<void(const Session&, const Kind&)>& body) {
    if (stage.has_backend()) stage.backend();
    const Session session{stage};
    for (const Kind& kind : kinds_of(stage.subject)) body(session, kind);
}

void documents(Stage& stage) {
    each_kind(stage, [](const Session& session, const Kind& kind) {
        for (const Reader& reader : kind.readers) {
            const Answer answer =
                session.ask(reader.name, [&](bh_sink o, bh_error* e) { return reader.call(session, o, e); });
            require(answer.status == BH_OK, reader.name + ": " + answer.said());
            const Status parsed = reader.parse(answer.text);
            if (!parsed)
                throw Wrong{reader.name +
                            " writes a document that does not fit its schema: " + parsed.failure().message};
        }
    });
}

void check_error(const std::string& verb, const Answer& answer) {
    const bh_error& error = answer.error;
    const std::string said = verb + " answers " + status_name(answer.status);
    require(error.code == answer.status, said + " and err->code " + status_name(error.code));
    const std::size_t reason = strnlen(error.reason, sizeof error.reason);
    const std::size_t message = strnlen(error.message, sizeof error.message);
    require(reason < sizeof error.reason && message < sizeof error.message, said + " and texts without an end");
    require(
        reason > 0 && std::all_of(error.reason, error.reason + reason,
                                  [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }),
        said + " with the reason \"" + std::string{error.reason, reason} + "\"; it must be a slug of a-z, 0-9 and _");
    require(message > 0, said + " without a message for people");
    // The strict reader refuses what is not UTF-8.
    std::string quoted = nlohmann::json(std::string{error.message, message})
                             .dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
    require(nlohmann::json::parse(quoted).get<std::string>().size() == message,
            said + " with a message that is not UTF-8");
}

void errors(Stage& stage) {
    each_kind(stage, [](const Session& session, const Kind& kind) {
        for (const Missing& verb : kind.missing) {
            const Answer answer =
                session.ask(verb.name, [&](bh_sink o, bh_error* e) { return verb.call(session, o, e); });
            require(answer.status == verb.expected, verb.name + " of what is not there answers " + answer.said() +
                                                        "; it must be " + status_name(verb.expected));
            if (answer.status != BH_OK) check_error(verb.name, answer);
        }
        for (const Taker& taker : kind.takers) {
            const Job job{session.stage, "errors-1", 1};
            const Answer answer = session.ask(taker.name + " of an empty list", [&](bh_sink o, bh_error* e) {
                return taker.call(session, job.c(), sdk::str("[]"), o, e);
            });
            require(answer.status == BH_E_INVALID,
                    taker.name + " of an empty list answers " + answer.said() + "; it must be BH_E_INVALID");
            check_error(taker.name, answer);
        }
    });
}

void no_error(Stage& stage) {
    each_kind(stage, [](const Session& session, const Kind& kind) {
        for (const Missing& verb : kind.missing) {
            const Answer answer = session.ask(verb.name + " with err NULL",
                                              [&](bh_sink o, bh_error*) { return verb.call(session, o, nullptr); });
            require(answer.status == verb.expected, verb.name + " with err NULL answers " + answer.said());
        }
        for (const Reader& reader : kind.readers) {
            const Answer answer = session.ask(reader.name + " with err NULL",
                                              [&](bh_sink o, bh_error*) { return reader.call(session, o, nullptr); });
            require(answer.status == BH_OK, reader.name + " with err NULL answers " + answer.said());
        }
    });
}

// A sink that takes `room` bytes and then refuses with a status of its own.
struct FullSink {
    std::size_t room;
    bool refused = false, went_on = false;
    std::thread::id thread = std::this_thread::get_id();
    bool other_thread = false;
    bh_sink sink() {
        return {this, [](void* ctx, const void*, std::size_t size) noexcept -> bh_status {
                    auto& self = *static_cast<FullSink*>(ctx);
                    self.other_thread |= std::this_thread::get_id() != self.thread;
                    self.went_on |= self.refused;
                    if (size <= self.room) {
                        self.room -= size;
                        return BH_OK;
                    }
                    self.refused = true;
                    return BH_E_EXHAUSTED;
                }};
    }
};

void sinks(Stage& stage) {
    each_kind(stage, [](const Session& session, const Kind& kind) {
        for (const Reader& reader : kind.readers) {
            for (const std::size_t room : {std::size_t{0}, std::size_t{5}}) {
                FullSink full{room};
                const Answer answer = session.ask(reader.name + " into a sink that is full", [&](bh_sink, bh_error* e) {
                    return reader.call(session, full.sink(), e);
                });
                require(full.refused, reader.name + " writes nothing");
                require(answer.status == BH_E_EXHAUSTED,
                        reader.name + " answers " + answer.said() +
                            " when its sink refuses; it must pass on the sink's status");
                require(!full.went_on, reader.name + " writes on after its sink has refused");
                require(!full.other_thread, reader.name + " writes on another thread than it was called on");
            }
        }
    });
}

// A newer kernel's structs are longer: what a plugin does not know it must not touch.
void sizes(Stage& stage) {
    struct LongError {
        bh_error known;
        std::uint8_t more[64];
    };
    each_kind(stage, [](const Session& session, const Kind& kind) {
        for (const Missing& verb : kind.missing) {
            LongError error{};
            std::memset(error.more, 0x5a, sizeof error.more);
            error.known.struct_size = sizeof error;
            const Answer answer = session.ask(verb.name + " with a longer bh_error", [&](bh_sink o, bh_error*) {
                return verb.call(session, o, &error.known);
            });
            require(answer.status == verb.expected, verb.name + " with a longer bh_error answers " + answer.said());
            require(error.known.struct_size == sizeof error, verb.name + " changes err->struct_size");
            require(std::all_of(std::begin(error.more), std::end(error.more), [](auto byte) { return byte == 0x5a; }),
                    verb.name + " writes beyond the bh_error that it knows");
        }
    });
}

void bad_documents(Stage& stage) {
    const std::vector<std::pair<std::string, std::string>> bad{
        {"nothing", ""},
        {"half an object", "{\"name\":"},
        {"an array", "[]"},
        {"a duplicate key", R"({"name":"a","name":"b","size_bytes":1,"cpus":1})"},
        {"invalid UTF-8", "{\"name\":\"\xc3\x28\"}"},
        {"a NUL", std::string{"{\"name\":\"a\0b\"}", 14}},
        {"17 levels", std::string(17, '[') + std::string(17, ']')},
        {"100000 levels", std::string(100000, '[')},
        {"2 MiB", "{\"name\":\"" + std::string(2 << 20, 'a') + "\"}"}};
    each_kind(stage, [&](const Session& session, const Kind& kind) {
        int number = 0;
        for (const Taker& taker : kind.takers) {
            for (const auto& [what, text] : bad) {
                const Job job{session.stage, "bad-" + std::to_string(number++), 1};
                const Answer answer = session.ask(
                    taker.name + " of a document with " + what,
                    [&](bh_sink o, bh_error* e) { return taker.call(session, job.c(), sdk::str(text), o, e); });
                require(answer.status == BH_E_INVALID, taker.name + " of a document with " + what + " answers " +
                                                           answer.said() + "; it must be BH_E_INVALID");
            }
        }
        if (!kind.maker) return;
        const Answer page = session.ask(
            kind.maker->lister + " of a page that there is not",
            [&](bh_sink o, bh_error* e) { return kind.maker->list(session, sdk::str("no/such page\x01"), o, e); });
        require(page.status == BH_OK || page.status == BH_E_INVALID || page.status == BH_E_NOT_FOUND,
                kind.maker->lister + " of a page that there is not answers " + page.said());
    });
}

void concurrent(Stage& stage) {
    constexpr int kThreads = 4;
    each_kind(stage, [&](const Session& session, const Kind& kind) {
        if (!kind.maker) return;
        const std::string request = kind.maker->request(session.stage, 0);
        session.stage.step(kind.maker->verb + " on four threads at once");
        std::vector<Answer> answers(kThreads);
        std::vector<std::thread> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&, i] {
                const Job job{session.stage, "at-once-" + std::to_string(i), 1};
                Answer& answer = answers[static_cast<std::size_t>(i)];
                answer.error.struct_size = sizeof answer.error;
                sdk::Collector out;
                answer.status = kind.maker->make(session, job.c(), sdk::str(request), out.sink(), &answer.error);
                answer.text = out.text();
            });
        }
        for (std::thread& thread : threads) thread.join();
        std::size_t good = 0;
        for (const Answer& answer : answers) {
            good += answer.status == BH_OK ? 1 : 0;
            require(answer.status == BH_OK || answer.status == BH_E_BUSY || answer.status == BH_E_EXHAUSTED ||
                        answer.status == BH_PENDING,
                    kind.maker->verb + " on four threads at once answers " + answer.said());
        }
        require(good > 0, kind.maker->verb + " on four threads at once never succeeds: " + answers[0].said());
        const auto listed = session.ask(kind.maker->lister,
                                        [&](bh_sink o, bh_error* e) { return kind.maker->list(session, {}, o, e); });
        const auto page = require_ok(kind.maker->parse_page(listed.text), kind.maker->lister);
        for (int i = 0; i < kThreads; ++i) {
            const std::string op_id = "at-once-" + std::to_string(i);
            const auto count = std::count_if(page.things.begin(), page.things.end(),
                                             [&](const Thing& thing) { return thing.created_by == op_id; });
            const bool made = answers[static_cast<std::size_t>(i)].status == BH_OK;
            require(count == (made ? 1 : 0), kind.maker->verb + " of four op_ids at once answers " +
                                                 answers[static_cast<std::size_t>(i)].said() + " for " + op_id +
                                                 " and makes " + std::to_string(count));
        }
    });
}

}  // namespace

std::vector<Test> contract_tests() {
    return {
        {"contract.documents", "What verbs answer on a fresh instance fits the published schemas.", "", anywhere(),
         documents},
        {"contract.errors", "Failures have the status of the headers, a slug, and a sentence for people.", "",
         anywhere(), errors},
        {"contract.no_err", "err may be NULL.", "",
         in_process("a worker always gives the plugin a bh_error of its own"), no_error},
        {"contract.sinks", "A sink that refuses ends the verb with the sink's status.", "",
         in_process("a worker gives the plugin a sink of its own, and refuses what is too large by itself"), sinks},
        {"contract.sizes", "Structs of a newer kernel are longer: what is unknown is left alone.", "",
         in_process("a worker gives the plugin a bh_error of its own"), sizes},
        {"contract.bad_documents", "Documents that are damaged, too deep, too large or ambiguous are BH_E_INVALID.", "",
         anywhere(), bad_documents},
        {"contract.concurrent", "Verbs marked [concurrent] run on four threads at once, each with its own result.", "",
         anywhere(), concurrent},
    };
}

}  // namespace bh::check
