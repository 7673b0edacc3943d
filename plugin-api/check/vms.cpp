#include "plugin-api/check/vms.hpp"

namespace bh::check {

using nlohmann::json;

namespace {

const bh_hypervisor& table(const Session& s) { return s.table<bh_hypervisor>(BH_HYPERVISOR); }

}  // namespace

VmSpec vm_spec(Stage& stage) {
    return require_ok(parse_vm_spec(hypervisor_kind().maker->request(stage, 0)), "vm_spec of check.json");
}

Vm make_vm(Stage& stage, const std::string& op_id) {
    const Maker maker = *hypervisor_kind().maker;
    const Attempt made = attempt(stage, maker.make, op_id, 1, maker.request(stage, 0));
    require(made.ok(), "vm_create: " + made.said);
    return require_ok(parse_vm(made.text), "vm_create");
}

Vm look_at_vm(Stage& stage, const std::string& vm) {
    const json text = stage.apart([&]() -> json {
        const Session session{stage};
        const Answer answer = session.ask(
            "vm_get", [&](bh_sink o, bh_error* e) { return table(session).vm_get(session.self, sdk::str(vm), o, e); });
        require(answer.status == BH_OK, "vm_get: " + answer.said());
        return answer.text;
    });
    Vm seen = require_ok(parse_vm(text.get<std::string>()), "vm_get");
    require(seen.vm == vm, "vm_get of " + vm + " tells of " + seen.vm);
    return seen;
}

Attempt power(Stage& stage, const std::string& vm, std::uint32_t action, const std::string& op_id) {
    const JobVerb verb = [action](const Session& s, const bh_call* c, bh_str id, bh_sink, bh_error* e) {
        return table(s).vm_power(s.self, c, id, action, e);
    };
    return attempt(stage, verb, op_id, 1, vm);
}

void must_power(Stage& stage, const std::string& vm, std::uint32_t action, const std::string& op_id) {
    const Attempt done = power(stage, vm, action, op_id);
    require(done.ok(), "vm_power: " + done.said);
}

void destroy_vm(Stage& stage, const std::string& vm, const std::string& op_id) {
    const Attempt destroyed = attempt(stage, hypervisor_kind().maker->remove, op_id, 1, vm);
    require(destroyed.ok(), "vm_destroy: " + destroyed.said);
}

void require_same_vm(const Vm& before, const Vm& now, const std::string& after) {
    require(now.vm == before.vm, "after " + after + " the VM's id is " + now.vm + ", not " + before.vm);
    require(now.created_by == before.created_by && now.instance == before.instance,
            "after " + after + " the VM's created_by or instance is another one");
    require(now.mac == before.mac && now.address == before.address && now.tap == before.tap,
            "after " + after + " the VM has another MAC, address or tap");
}

}  // namespace bh::check
