// The verbs of each kind as rows, so that one check can go through all of them.
#pragma once

#include "plugin-api/check/stage.hpp"

namespace bh::check {

using Verb = std::function<bh_status(const Session&, bh_sink, bh_error*)>;
using JobVerb = std::function<bh_status(const Session&, const bh_call*, bh_str, bh_sink, bh_error*)>;

// A verb that needs nothing to be there: it must succeed on a fresh instance, with a document that `parse` takes.
struct Reader {
    std::string name;
    Verb call;
    std::function<Status(std::string_view)> parse;
};

// A verb on something that is not there.
struct Missing {
    std::string name;
    Verb call;
    bh_status expected;
};

// A verb that is given a document.
struct Taker {
    std::string name;
    JobVerb call;
};

struct Thing {
    std::string id, created_by, instance;
};
struct Page {
    std::vector<Thing> things;
    std::string next;
};

// Makes and removes things under an op_id.
struct Maker {
    std::string verb, remover, lister;
    std::function<std::string(Stage&, int variant)> request;  // variant 1: other parameters
    JobVerb make, remove;                                     // remove is given the thing's id
    std::function<bh_status(const Session&, bh_str page, bh_sink, bh_error*)> list;
    std::function<Result<Thing>(std::string_view)> parse;
    std::function<Result<Page>(std::string_view)> parse_page;
};

struct Kind {
    std::string interface;
    std::vector<Reader> readers;
    std::vector<Missing> missing;
    std::vector<Taker> takers;
    std::optional<Maker> maker;
};
// Of the interfaces that the manifest names.
std::vector<Kind> kinds_of(const Subject& subject);

Kind storage_kind();
Kind hypervisor_kind();
Kind ipv6_kind();
Kind chain_kind();
// Extensions of a hypervisor, tried on one VM that each session makes at its first use.
Kind resize_kind();
Kind reinstall_kind();
Kind snapshot_kind();

// Members of an interface's table, its struct_size first: what it must have and whether each is filled.
struct TableFacts {
    std::uint32_t size = 0, known = 0;
    std::vector<std::string> empty;
};
std::optional<TableFacts> table_facts(const bh_plugin& plugin, const std::string& interface);
std::vector<std::string> known_interfaces();

template <class D>
std::function<Status(std::string_view)> parses(Result<D> (*parse)(std::string_view)) {
    return [parse](std::string_view text) -> Status {
        const Result<D> document = parse(text);
        if (!document) return document.failure();
        return {};
    };
}

// A page of documents `D`, whose id is the member `id`.
template <class P, class D>
Result<Page> page_of(Result<P> (*parse)(std::string_view), std::vector<D> P::* all, std::string D::* id,
                     std::string_view text) {
    const Result<P> page = parse(text);
    if (!page) return page.failure();
    Page out{{}, page->next};
    for (const D& document : (*page).*all) out.things.push_back({document.*id, document.created_by, document.instance});
    return out;
}
template <class D>
Result<Thing> thing_of(Result<D> (*parse)(std::string_view), std::string D::* id, std::string_view text) {
    const Result<D> document = parse(text);
    if (!document) return document.failure();
    return Thing{(*document).*id, document->created_by, document->instance};
}

// What requests of the check are tagged with, and the id of what is not there.
Tags check_tags();
inline constexpr const char* kNobody = "no-such-thing-0";
// `verb` on kNobody, in a call with an op_id of its own.
Verb with_job(const char* op_id, JobVerb verb);

// `base` with the keys of `more` put over it, printed.
std::string merged(const std::string& base, const nlohmann::json& more);

}  // namespace bh::check
