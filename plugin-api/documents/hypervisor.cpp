#include "plugin-api/documents/fields/hypervisor.hpp"

namespace bh {

Result<HypervisorDescription> parse_hypervisor_description(std::string_view json) {
    return read_document<HypervisorDescription>(json);
}
std::string to_json(const HypervisorDescription& value) { return write_document(value); }

Result<VmSpec> parse_vm_spec(std::string_view json) { return read_document<VmSpec>(json); }
std::string to_json(const VmSpec& value) { return write_document(value); }

Result<Vm> parse_vm(std::string_view json) { return read_document<Vm>(json); }
std::string to_json(const Vm& value) { return write_document(value); }

Result<VmPage> parse_vm_page(std::string_view json) { return read_document<VmPage>(json); }
std::string to_json(const VmPage& value) { return write_document(value); }

Result<Console> parse_console(std::string_view json) { return read_document<Console>(json); }
std::string to_json(const Console& value) { return write_document(value); }

}  // namespace bh
