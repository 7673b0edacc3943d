#include "kernel/plugins/belonging.hpp"
#include "kernel/plugins/ports.hpp"
#include "kernel/plugins/verb.hpp"

#include <blockhost/kind/ipv6.h>

namespace bh::plugins {
namespace {

class Ipv6Port final : public life::Ipv6Port {
public:
    Ipv6Port(Instance& instance, const bh_ipv6& verbs) : instance_{instance}, verbs_{verbs} {}

    Status check() override { return instance_.health(); }

    Result<Ipv6Description> describe() override {
        return document_verb(instance_.name, parse_ipv6_description,
                             [&](bh_sink out, bh_error* err) { return verbs_.describe(self(), out, err); });
    }
    Result<Delegation> delegation_acquire(const life::Call& call, const DelegationRequest& request) override {
        const CallBridge bridge{call};
        return made_by(instance_, call.op_id,
                       document_verb(instance_.name, parse_delegation,
                                     [&, document = to_json(request)](bh_sink out, bh_error* err) {
                                         return verbs_.delegation_acquire(self(), bridge.get(), text(document), out,
                                                                          err);
                                     }));
    }
    Result<Delegation> delegation_renew(const life::Call& call, const std::string& delegation) override {
        const CallBridge bridge{call};
        return about(instance_, &Delegation::delegation, delegation,
                     document_verb(instance_.name, parse_delegation, [&](bh_sink out, bh_error* err) {
                         return verbs_.delegation_renew(self(), bridge.get(), text(delegation), out, err);
                     }));
    }
    Status delegation_release(const life::Call& call, const std::string& delegation) override {
        const CallBridge bridge{call};
        return run_verb(instance_.name, [&](bh_error* err) {
            return verbs_.delegation_release(self(), bridge.get(), text(delegation), err);
        });
    }
    Result<DelegationPage> delegation_list(const std::string& page) override {
        return all_of(instance_, &DelegationPage::delegations,
                      document_verb(instance_.name, parse_delegation_page, [&](bh_sink out, bh_error* err) {
                          return verbs_.delegation_list(self(), text(page), out, err);
                      }));
    }

private:
    bh_instance* self() const noexcept { return instance_.self; }

    Instance& instance_;
    const bh_ipv6& verbs_;
};

}  // namespace

Result<std::unique_ptr<life::Ipv6Port>> make_ipv6_port(Instance& instance) {
    const auto* verbs = instance.find<bh_ipv6>(BH_IPV6);
    if (verbs == nullptr)
        return invalid("wrong_kind",
                       "plugin instance " + instance.name + " offers no " BH_IPV6 ": check \"kind\" in its file");
    return std::unique_ptr<life::Ipv6Port>{std::make_unique<Ipv6Port>(instance, *verbs)};
}

}  // namespace bh::plugins
