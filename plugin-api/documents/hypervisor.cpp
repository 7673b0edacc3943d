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

Result<VmSize> parse_vm_size(std::string_view json) { return read_document<VmSize>(json); }
std::string to_json(const VmSize& value) { return write_document(value); }

Result<SnapshotSpec> parse_snapshot_spec(std::string_view json) { return read_document<SnapshotSpec>(json); }
std::string to_json(const SnapshotSpec& value) { return write_document(value); }

Result<Snapshot> parse_snapshot(std::string_view json) { return read_document<Snapshot>(json); }
std::string to_json(const Snapshot& value) { return write_document(value); }

Result<SnapshotPage> parse_snapshot_page(std::string_view json) { return read_document<SnapshotPage>(json); }
std::string to_json(const SnapshotPage& value) { return write_document(value); }

Result<Console> parse_console(std::string_view json) { return read_document<Console>(json); }
std::string to_json(const Console& value) { return write_document(value); }

}  // namespace bh
