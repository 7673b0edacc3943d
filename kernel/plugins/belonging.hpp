// Refuses a document about another thing than the one that was asked for: a plugin that mixes up its things, a backend
// that somebody else changed, or a lie (PLUGIN-ABI.md section 3, rule 5).
#pragma once

#include "kernel/plugins/instance.hpp"
#include "plugin-api/documents/result.hpp"

namespace bh::plugins {

// Same code as for what the life cycle finds foreign: the instance is parked and the operator told.
inline Failure foreign(const Instance& instance, const std::string& what, const std::string& is,
                       const std::string& wanted) {
    return {BH_E_CORRUPT, "foreign_object",
            "plugin instance " + instance.name + " answers with a document whose " + what + " is '" + is + "', not '" +
                wanted + "': nothing was done to it; find out whose it is"};
}

// `D` has the fields instance and created_by. Of what `op_id` makes.
template <class D>
Result<D> made_by(const Instance& instance, const std::string& op_id, Result<D> document) {
    if (!document) return document;
    if (document->instance != instance.name) return foreign(instance, "instance", document->instance, instance.name);
    if (document->created_by != op_id) return foreign(instance, "created_by", document->created_by, op_id);
    return document;
}

// Of the thing with the id `wanted` in the field `id`.
template <class D>
Result<D> about(const Instance& instance, std::string D::* id, const std::string& wanted, Result<D> document) {
    if (!document) return document;
    if (document->instance != instance.name) return foreign(instance, "instance", document->instance, instance.name);
    if ((*document).*id != wanted) return foreign(instance, "id", (*document).*id, wanted);
    return document;
}

// Of this instance, each of them.
template <class P, class D>
Result<P> all_of(const Instance& instance, std::vector<D> P::* things, Result<P> page) {
    if (!page) return page;
    for (const D& thing : (*page).*things)
        if (thing.instance != instance.name) return foreign(instance, "instance", thing.instance, instance.name);
    return page;
}

}  // namespace bh::plugins
