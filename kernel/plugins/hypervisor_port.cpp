#include "kernel/plugins/belonging.hpp"
#include "kernel/plugins/guest_messages.hpp"
#include "kernel/plugins/ports.hpp"
#include "kernel/plugins/verb.hpp"

#include <blockhost/ext/hypervisor_console.h>
#include <blockhost/ext/hypervisor_guest.h>
#include <blockhost/kind/hypervisor.h>

namespace bh::plugins {
namespace {

static_assert(static_cast<std::uint32_t>(life::Power::start) == BH_POWER_START &&
              static_cast<std::uint32_t>(life::Power::shutdown) == BH_POWER_SHUTDOWN &&
              static_cast<std::uint32_t>(life::Power::off) == BH_POWER_OFF &&
              static_cast<std::uint32_t>(life::Power::reset) == BH_POWER_RESET);

class HypervisorPort final : public life::HypervisorPort {
public:
    HypervisorPort(Instance& instance, const bh_hypervisor& verbs, const bh_hypervisor_guest* guest)
        : instance_{instance}, verbs_{verbs}, guest_{guest} {}

    Status check() override { return instance_.health(); }

    Result<HypervisorDescription> describe() override {
        return document_verb(instance_.name, parse_hypervisor_description,
                             [&](bh_sink out, bh_error* err) { return verbs_.describe(self(), out, err); });
    }
    Result<Vm> vm_create(const life::Call& call, const VmSpec& spec) override {
        const CallBridge bridge{call};
        return made_by(
            instance_, call.op_id,
            document_verb(instance_.name, parse_vm, [&, document = to_json(spec)](bh_sink out, bh_error* err) {
                return verbs_.vm_create(self(), bridge.get(), text(document), out, err);
            }));
    }
    Status vm_destroy(const life::Call& call, const std::string& vm) override {
        const CallBridge bridge{call};
        return run_verb(instance_.name,
                        [&](bh_error* err) { return verbs_.vm_destroy(self(), bridge.get(), text(vm), err); });
    }
    Status vm_power(const life::Call& call, const std::string& vm, life::Power action) override {
        const CallBridge bridge{call};
        return run_verb(instance_.name, [&](bh_error* err) {
            return verbs_.vm_power(self(), bridge.get(), text(vm), static_cast<std::uint32_t>(action), err);
        });
    }
    Result<Vm> vm_get(const std::string& vm) override {
        return about(instance_, &Vm::vm, vm, document_verb(instance_.name, parse_vm, [&](bh_sink out, bh_error* err) {
                         return verbs_.vm_get(self(), text(vm), out, err);
                     }));
    }
    Result<VmPage> vm_list(const std::string& page) override {
        return all_of(instance_, &VmPage::vms,
                      document_verb(instance_.name, parse_vm_page, [&](bh_sink out, bh_error* err) {
                          return verbs_.vm_list(self(), text(page), out, err);
                      }));
    }

    Result<life::GuestHello> guest_hello(const life::Call& call, const std::string& vm) override {
        auto answer = exchange(call, vm, hello_request());
        if (!answer) return answer.failure();
        return parse_hello_answer(*answer);
    }
    Result<std::uint64_t> guest_statement(const life::Call& call, const std::string& vm,
                                          const Bytes& statement) override {
        auto answer = exchange(call, vm, statement_request(statement));
        if (!answer) return answer.failure();
        return parse_statement_answer(*answer);
    }

private:
    Result<std::string> exchange(const life::Call& call, const std::string& vm, const std::string& request) {
        if (guest_ == nullptr) {
            return Failure{BH_E_UNSUPPORTED, "no_guest_channel",
                           "plugin instance " + instance_.name + " offers no " BH_HYPERVISOR_GUEST};
        }
        const CallBridge bridge{call};
        const bh_bytes bytes{reinterpret_cast<const std::uint8_t*>(request.data()), request.size()};
        return read_verb(instance_.name, [&](bh_sink out, bh_error* err) {
            return guest_->guest_exchange(self(), bridge.get(), text(vm), bytes, out, err);
        });
    }
    bh_instance* self() const noexcept { return instance_.self; }

    Instance& instance_;
    const bh_hypervisor& verbs_;
    const bh_hypervisor_guest* guest_;
};

class ConsoleOverAbi final : public ConsolePort {
public:
    ConsoleOverAbi(Instance& instance, const bh_hypervisor_console& verbs) : instance_{instance}, verbs_{verbs} {}
    Result<Console> open(const life::Call& call, const std::string& vm) override {
        const CallBridge bridge{call};
        return document_verb(instance_.name, parse_console, [&](bh_sink out, bh_error* err) {
            return verbs_.console_open(instance_.self, bridge.get(), text(vm), BH_CONSOLE_TEXT, out, err);
        });
    }

private:
    Instance& instance_;
    const bh_hypervisor_console& verbs_;
};

}  // namespace

Result<std::unique_ptr<life::HypervisorPort>> make_hypervisor_port(Instance& instance) {
    const auto* verbs = instance.find<bh_hypervisor>(BH_HYPERVISOR);
    if (verbs == nullptr)
        return invalid("wrong_kind",
                       "plugin instance " + instance.name + " offers no " BH_HYPERVISOR ": check \"kind\" in its file");
    return std::unique_ptr<life::HypervisorPort>{
        std::make_unique<HypervisorPort>(instance, *verbs, instance.find<bh_hypervisor_guest>(BH_HYPERVISOR_GUEST))};
}

Result<std::unique_ptr<ConsolePort>> make_console_port(Instance& instance) {
    const auto* verbs = instance.find<bh_hypervisor_console>(BH_HYPERVISOR_CONSOLE);
    if (verbs == nullptr)
        return Failure{BH_E_UNSUPPORTED, "no_console",
                       "plugin instance " + instance.name + " offers no " BH_HYPERVISOR_CONSOLE};
    return std::unique_ptr<ConsolePort>{std::make_unique<ConsoleOverAbi>(instance, *verbs)};
}

}  // namespace bh::plugins
