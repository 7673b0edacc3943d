// The extensions of a hypervisor that change what a VM is: resize, snapshot and reinstall. What each owes stands in
// blockhost/ext/hypervisor_*.h. A plugin class that has the members of one offers it:
//
//     Result<Vm> vm_resize(const Call&, const std::string& vm, const VmSize&);
//     Result<Vm> vm_reinstall(const Call&, const std::string& vm, const VmSpec&);
//     Result<Snapshot> snapshot_create(const Call&, const std::string& vm, const SnapshotSpec&);
//     Status snapshot_revert(const Call&, const std::string& vm, const std::string& snapshot);
//     Status snapshot_delete(const Call&, const std::string& vm, const std::string& snapshot);
//     Result<SnapshotPage> snapshot_list(const std::string& vm, std::string_view page);
#pragma once

#include "plugin-api/documents/hypervisor.hpp"
#include "plugin-api/sdk/cpp/glue.hpp"

namespace bh::sdk {

template <class T>
concept HasResize = requires { &T::vm_resize; };
template <class T>
concept HasReinstall = requires { &T::vm_reinstall; };
template <class T>
concept HasSnapshot = requires { &T::snapshot_create; };

// `body(id)` with the id of the VM that `vm` names.
template <class F>
Status with_vm(bh_str vm, F&& body) {
    return with("vm", object_id(vm, parse_vm, &Vm::vm), std::forward<F>(body));
}

template <class T>
struct ResizeGlue {
    static bh_status vm_resize(bh_instance* self, const bh_call* call, bh_str vm, bh_str size, bh_sink out,
                               bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with_vm(vm, [&](const std::string& v) {
                return with("size", parse_vm_size(view(size)),
                            [&](const VmSize& s) { return print<Vm>(out, t.vm_resize(Call{*call}, v, s)); });
            });
        });
    }
    static constexpr bh_hypervisor_resize table{sizeof(bh_hypervisor_resize), 0, vm_resize};
};

template <class T>
struct ReinstallGlue {
    static bh_status vm_reinstall(bh_instance* self, const bh_call* call, bh_str vm, bh_str spec, bh_sink out,
                                  bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with_vm(vm, [&](const std::string& v) {
                return with("spec", parse_vm_spec(view(spec)),
                            [&](const VmSpec& s) { return print<Vm>(out, t.vm_reinstall(Call{*call}, v, s)); });
            });
        });
    }
    static constexpr bh_hypervisor_reinstall table{sizeof(bh_hypervisor_reinstall), 0, vm_reinstall};
};

template <class T>
struct SnapshotGlue {
    // `body(vm, snapshot)` with the ids of both.
    template <class F>
    static Status with_both(bh_str vm, bh_str snapshot, F&& body) {
        return with_vm(vm, [&](const std::string& v) {
            return with("snapshot", object_id(snapshot, parse_snapshot, &Snapshot::snapshot),
                        [&](const std::string& s) -> Status { return body(v, s); });
        });
    }
    static bh_status snapshot_create(bh_instance* self, const bh_call* call, bh_str vm, bh_str spec, bh_sink out,
                                     bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with_vm(vm, [&](const std::string& v) {
                return with("spec", parse_snapshot_spec(view(spec)), [&](const SnapshotSpec& s) {
                    return print<Snapshot>(out, t.snapshot_create(Call{*call}, v, s));
                });
            });
        });
    }
    static bh_status snapshot_revert(bh_instance* self, const bh_call* call, bh_str vm, bh_str snapshot,
                                     bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with_both(vm, snapshot, [&](const std::string& v, const std::string& s) {
                return t.snapshot_revert(Call{*call}, v, s);
            });
        });
    }
    static bh_status snapshot_delete(bh_instance* self, const bh_call* call, bh_str vm, bh_str snapshot,
                                     bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with_both(vm, snapshot, [&](const std::string& v, const std::string& s) {
                return t.snapshot_delete(Call{*call}, v, s);
            });
        });
    }
    static bh_status snapshot_list(bh_instance* self, bh_str vm, bh_str page, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with_vm(
                vm, [&](const std::string& v) { return print<SnapshotPage>(out, t.snapshot_list(v, view(page))); });
        });
    }
    static constexpr bh_hypervisor_snapshot table{
        sizeof(bh_hypervisor_snapshot), 0, snapshot_create, snapshot_revert, snapshot_delete, snapshot_list};
};

}  // namespace bh::sdk
