// What the pretended IPv6 provider keeps.
#pragma once

#include "plugin-api/documents/fields/ipv6.hpp"
#include "tests/plugins/state/backend.hpp"

namespace bh::mem {

struct Lease {
    Delegation delegation;
    DelegationRequest request;
};
template <class F>
void fields(F& f, Is<Lease> auto& x) {
    f.required("delegation", x.delegation, "");
    f.required("request", x.request, "");
}

struct Ipv6State {
    std::vector<Lease> leases;
    std::uint32_t next = 1;
    std::uint32_t limit = 16;  // how many it gives in all
};
template <class F>
void fields(F& f, Is<Ipv6State> auto& x) {
    f.required("leases", x.leases, "");
    f.required("next", x.next, "");
    f.required("limit", x.limit, "");
}

using Ipv6Backend = Backend<Ipv6State>;

}  // namespace bh::mem
