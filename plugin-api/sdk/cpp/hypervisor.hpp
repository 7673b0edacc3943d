// The kind hypervisor, and its extensions guest and console; hypervisor_state.hpp has the others, resize, snapshot and
// reinstall. A plugin class has these members:
//
//     Result<HypervisorDescription> describe();     // or describe_hypervisor(), in a class of several kinds
//     Result<Vm> vm_create(const Call&, const VmSpec&);
//     Status vm_destroy(const Call&, const std::string& vm);
//     Status vm_power(const Call&, const std::string& vm, std::uint32_t action);
//     Result<Vm> vm_get(const std::string& vm);
//     Result<VmPage> vm_list(std::string_view page);
//     Result<bh_vm_stats> vm_stats(const std::string& vm);
//     Result<Bytes> guest_exchange(const Call&, const std::string& vm, const Bytes& request);     // optional
//     Result<Console> console_open(const Call&, const std::string& vm, std::uint32_t type);       // optional
#pragma once

#include "plugin-api/documents/hypervisor.hpp"
#include "plugin-api/sdk/cpp/glue.hpp"

namespace bh::sdk {

template <class T>
concept HasHypervisor = requires { &T::vm_create; };
template <class T>
concept HasGuest = requires { &T::guest_exchange; };
template <class T>
concept HasConsole = requires { &T::console_open; };

template <class T>
struct HypervisorGlue {
    static Result<std::string> id(bh_str vm) { return object_id(vm, parse_vm, &Vm::vm); }

    static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            if constexpr (requires { t.describe_hypervisor(); }) {
                return print<HypervisorDescription>(out, t.describe_hypervisor());
            } else {
                return print<HypervisorDescription>(out, t.describe());
            }
        });
    }
    static bh_status vm_create(bh_instance* self, const bh_call* call, bh_str spec, bh_sink out,
                               bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("spec", parse_vm_spec(view(spec)),
                        [&](const VmSpec& s) { return print<Vm>(out, t.vm_create(Call{*call}, s)); });
        });
    }
    static bh_status vm_destroy(bh_instance* self, const bh_call* call, bh_str vm, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("vm", id(vm), [&](const std::string& v) -> Status { return t.vm_destroy(Call{*call}, v); });
        });
    }
    static bh_status vm_power(bh_instance* self, const bh_call* call, bh_str vm, std::uint32_t action,
                              bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("vm", id(vm),
                        [&](const std::string& v) -> Status { return t.vm_power(Call{*call}, v, action); });
        });
    }
    static bh_status vm_get(bh_instance* self, bh_str vm, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("vm", id(vm), [&](const std::string& v) { return print<Vm>(out, t.vm_get(v)); });
        });
    }
    static bh_status vm_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) { return print<VmPage>(out, t.vm_list(view(page))); });
    }
    static bh_status vm_stats(bh_instance* self, bh_str vm, bh_vm_stats* out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("vm", id(vm), [&](const std::string& v) -> Status {
                Result<bh_vm_stats> stats = t.vm_stats(v);
                if (!stats) return stats.failure();
                // An older kernel has a shorter struct; a newer one must not take what is behind ours for filled in.
                stats->struct_size = std::min<std::uint32_t>(out->struct_size, sizeof *stats);
                std::memcpy(out, &*stats, stats->struct_size);
                return {};
            });
        });
    }
    static constexpr bh_hypervisor table{
        sizeof(bh_hypervisor), 0, describe, vm_create, vm_destroy, vm_power, vm_get, vm_list, vm_stats};
};

template <class T>
struct GuestGlue {
    static bh_status guest_exchange(bh_instance* self, const bh_call* call, bh_str vm, bh_bytes request, bh_sink answer,
                                    bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("vm", object_id(vm, parse_vm, &Vm::vm), [&](const std::string& v) -> Status {
                const Result<Bytes> bytes_back = t.guest_exchange(Call{*call}, v, bytes(request));
                if (!bytes_back) return bytes_back.failure();
                return write(answer, {reinterpret_cast<const char*>(bytes_back->data()), bytes_back->size()});
            });
        });
    }
    static constexpr bh_hypervisor_guest table{sizeof(bh_hypervisor_guest), 0, guest_exchange};
};

template <class T>
struct ConsoleGlue {
    static bh_status console_open(bh_instance* self, const bh_call* call, bh_str vm, std::uint32_t type, bh_sink out,
                                  bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("vm", object_id(vm, parse_vm, &Vm::vm), [&](const std::string& v) {
                return print<Console>(out, t.console_open(Call{*call}, v, type));
            });
        });
    }
    static constexpr bh_hypervisor_console table{sizeof(bh_hypervisor_console), 0, console_open};
};

}  // namespace bh::sdk
