// The members of the documents in common.hpp and store.hpp; see codec.hpp.
#pragma once

#include "plugin-api/documents/codec.hpp"
#include "plugin-api/documents/store.hpp"

namespace bh {

// Lists are documents of their own with one member, so that they can grow.
struct FindingList {
    std::vector<Finding> findings;
};

template <class F>
void fields(F& f, Is<Position> auto& x) {
    f.required("id", x.id, "Opaque id of the point, such as a block hash.");
    f.required("height", x.height, "Number of the block.");
}

template <class F>
void fields(F& f, Is<Block> auto& x) {
    f.required("position", x.position, "The point of the chain.");
    f.required("time", x.time, "The chain's own clock there.");
}

template <class F>
void fields(F& f, Is<Tags> auto& x) {
    f.optional("chain", x.chain, "CAIP-2 id of the chain.");
    f.optional("contract", x.contract, "Canonical address of the subscription contract.");
    f.optional("subject", x.subject, "What it is for: subscription:7, plan:2 or host.");
    f.optional("part", x.part, "system, data or empty.");
    f.optional("epoch", x.epoch, "The fact that caused it.");
}

template <class F>
void fields(F& f, Is<Finding> auto& x) {
    f.optional("field", x.field, "JSON pointer into the configuration; empty: all of it.");
    f.required("severity", x.severity, "error, warning or info.");
    f.required("message", x.message, "A plain sentence: what was found.");
    f.optional("remedy", x.remedy, "What to do about it.");
}

template <class F>
void fields(F& f, Is<FindingList> auto& x) {
    f.required("findings", x.findings, "Empty when all is well.");
}

template <class F>
void fields(F& f, Is<KeyPage> auto& x) {
    f.required("keys", x.keys, "Keys in byte order.");
    f.optional("next", x.next, "Token of the next page; empty: this is the last.");
}

}  // namespace bh
