// The members of the documents in ipv6.hpp; see codec.hpp.
#pragma once

#include "plugin-api/documents/fields/common.hpp"
#include "plugin-api/documents/ipv6.hpp"

namespace bh {

template <class F>
void fields(F& f, Is<Ipv6Description> auto& x) {
    f.required("prefix_lengths", x.prefix_lengths, "Prefix lengths offered.");
    f.optional("features", x.features, "Optional features.");
}

template <class F>
void fields(F& f, Is<DelegationRequest> auto& x) {
    f.optional("prefix_length", x.prefix_length, "Wanted length; 0: what the provider has.");
    f.optional("tags", x.tags, "What it is for.");
}

template <class F>
void fields(F& f, Is<Delegation> auto& x) {
    f.required("delegation", x.delegation, "Id of this backend: what later verbs take.");
    f.required("created_by", x.created_by, "op_id that made it.");
    f.required("instance", x.instance, "Plugin instance that holds it.");
    f.required("prefix", x.prefix, "The prefix in canonical form, 2001:db8:b10c:1::/64.");
    f.required("mode", x.mode, "routed: the prefix is routed to this host; on-link: the host answers for it.");
    f.optional("uplink", x.uplink, "Interface; empty: netd's default uplink.");
    f.optional("reserved", x.reserved, "Addresses inside the prefix that no VM gets.");
    f.optional("expires_at", x.expires_at, "When it ends; absent: never.");
    f.optional("tags", x.tags, "What it is for.");
}

template <class F>
void fields(F& f, Is<DelegationPage> auto& x) {
    f.required("delegations", x.delegations, "Delegations this plugin acquired.");
    f.optional("next", x.next, "Token of the next page; empty: this is the last.");
}

}  // namespace bh
