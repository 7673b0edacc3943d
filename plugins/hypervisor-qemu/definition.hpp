// What is kept of each VM: STATE/OP_ID.json. With launch.status it is everything the plugin knows; nothing is only in
// memory, so that a new plugin finds every VM of the old one.
#pragma once

#include "plugin-api/documents/fields/hypervisor.hpp"

#include <optional>

namespace hypervisor_qemu {

// A shutdown that is under way or is over: why the VM is not running, as long as it is not started again.
struct Stop {
    bool wanted = false;  // by the host
    bh::UnixTime since;   // of the first request
    std::string boot_id;  // of the machine, then
    bool operator==(const Stop&) const = default;
};

struct Definition {
    std::string vm;  // op_id of vm_create
    bh::VmSpec spec;
    std::string boot_id;  // of the machine, at the last start; "" = never started
    Stop stop;
    std::string last_reset;  // op_id of the last reset that was done
};

template <class F>
void fields(F& f, bh::Is<Stop> auto& x) {
    f.required("wanted", x.wanted, "Whether the host wants the VM stopped.");
    f.optional("since", x.since, "Since when.");
    f.optional("boot_id", x.boot_id, "Boot of the machine then.");
}

template <class F>
void fields(F& f, bh::Is<Definition> auto& x) {
    f.required("vm", x.vm, "op_id of vm_create.");
    f.required("spec", x.spec, "What was asked for.");
    f.optional("boot_id", x.boot_id, "Boot of the machine at the last start.");
    f.optional("stop", x.stop, "A shutdown under way or over.");
    f.optional("last_reset", x.last_reset, "op_id of the last reset.");
}

// [a-z0-9-]{1,64}: whatever becomes part of a path.
bool is_op_id(std::string_view text);

// The files of the state directory. Calls about one VM come one at a time, those that only read may overlap.
class Definitions {
public:
    explicit Definitions(std::string directory) : directory_{std::move(directory)} {}

    [[nodiscard]] bh::Result<std::optional<Definition>> find(const std::string& vm) const;  // BH_E_CORRUPT: damaged
    [[nodiscard]] bh::Status save(const Definition& definition) const;                      // durable
    [[nodiscard]] bh::Status remove(const std::string& vm) const;                           // durable
    [[nodiscard]] bh::Result<std::vector<std::string>> vms(std::string_view after, std::size_t count) const;

private:
    std::string directory_;
};

}  // namespace hypervisor_qemu
