// The kind ipv6. A plugin class has these members:
//
//     Result<Ipv6Description> describe();     // or describe_ipv6(), in a class of several kinds
//     Result<Delegation> delegation_acquire(const Call&, const DelegationRequest&);
//     Result<Delegation> delegation_renew(const Call&, const std::string& delegation);
//     Status delegation_release(const Call&, const std::string& delegation);
//     Result<DelegationPage> delegation_list(std::string_view page);
#pragma once

#include "plugin-api/documents/ipv6.hpp"
#include "plugin-api/sdk/cpp/glue.hpp"

namespace bh::sdk {

template <class T>
concept HasIpv6 = requires { &T::delegation_acquire; };

template <class T>
struct Ipv6Glue {
    static Result<std::string> id(bh_str delegation) {
        return object_id(delegation, parse_delegation, &Delegation::delegation);
    }

    static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            if constexpr (requires { t.describe_ipv6(); }) {
                return print<Ipv6Description>(out, t.describe_ipv6());
            } else {
                return print<Ipv6Description>(out, t.describe());
            }
        });
    }
    static bh_status acquire(bh_instance* self, const bh_call* call, bh_str request, bh_sink out,
                             bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("request", parse_delegation_request(view(request)), [&](const DelegationRequest& r) {
                return print<Delegation>(out, t.delegation_acquire(Call{*call}, r));
            });
        });
    }
    static bh_status renew(bh_instance* self, const bh_call* call, bh_str delegation, bh_sink out,
                           bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("delegation", id(delegation), [&](const std::string& d) {
                return print<Delegation>(out, t.delegation_renew(Call{*call}, d));
            });
        });
    }
    static bh_status release(bh_instance* self, const bh_call* call, bh_str delegation, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("delegation", id(delegation),
                        [&](const std::string& d) -> Status { return t.delegation_release(Call{*call}, d); });
        });
    }
    static bh_status list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) { return print<DelegationPage>(out, t.delegation_list(view(page))); });
    }
    static constexpr bh_ipv6 table{sizeof(bh_ipv6), 0, describe, acquire, renew, release, list};
};

}  // namespace bh::sdk
