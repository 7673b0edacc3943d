// The steps that checks of a hypervisor are made of, each in a process of its own: a VM outlives its plugin's process.
// All throw Wrong.
#pragma once

#include "plugin-api/check/jobs.hpp"
#include "plugin-api/documents/hypervisor.hpp"

namespace bh::check {

// The specification that check.json comes to.
VmSpec vm_spec(Stage& stage);
Vm make_vm(Stage& stage, const std::string& op_id);
// vm_get.
Vm look_at_vm(Stage& stage, const std::string& vm);
Attempt power(Stage& stage, const std::string& vm, std::uint32_t action, const std::string& op_id);
// The same, and it must succeed.
void must_power(Stage& stage, const std::string& vm, std::uint32_t action, const std::string& op_id);
void destroy_vm(Stage& stage, const std::string& vm, const std::string& op_id);
// What the kernel knows a VM by, whatever is done to it.
void require_same_vm(const Vm& before, const Vm& now, const std::string& after);

}  // namespace bh::check
