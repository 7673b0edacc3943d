#include "plugin-api/check/kinds.hpp"

#include "plugin-api/documents/hypervisor.hpp"
#include "plugin-api/documents/ipv6.hpp"
#include "plugin-api/documents/storage.hpp"

namespace bh::check {
namespace {

using nlohmann::json;
using sdk::str;

const bh_storage& storage(const Session& s) { return s.table<bh_storage>(BH_STORAGE); }
const bh_hypervisor& hypervisor(const Session& s) { return s.table<bh_hypervisor>(BH_HYPERVISOR); }
const bh_ipv6& ipv6(const Session& s) { return s.table<bh_ipv6>(BH_IPV6); }

}  // namespace

Tags check_tags() {
    return {"eip155:31337", "0x0000000000000000000000000000000000000001", "subscription:7", "system", "0x01:0"};
}

Verb with_job(const char* op_id, JobVerb verb) {
    return [op_id, verb](const Session& s, bh_sink out, bh_error* err) {
        const Job job{s.stage, op_id, 1};
        return verb(s, job.c(), str(kNobody), out, err);
    };
}

std::string merged(const std::string& base, const json& more) {
    json out = json::parse(base);
    out.merge_patch(more);
    return out.dump();
}

Kind storage_kind() {
    Kind kind{BH_STORAGE, {}, {}, {}, {}};
    kind.readers = {
        {"describe", [](const Session& s, bh_sink o, bh_error* e) { return storage(s).describe(s.self, o, e); },
         parses(parse_storage_description)},
        {"pools", [](const Session& s, bh_sink o, bh_error* e) { return storage(s).pools(s.self, o, e); },
         parses(parse_pools)},
        {"volume_list",
         [](const Session& s, bh_sink o, bh_error* e) { return storage(s).volume_list(s.self, {}, o, e); },
         parses(parse_volume_page)}};
    Maker maker;
    maker.verb = "volume_create", maker.remover = "volume_delete", maker.lister = "volume_list";
    maker.request = [](Stage& stage, int variant) {
        VolumeSpec spec{"bh-7-system", "", std::uint64_t{16 + 16 * static_cast<std::uint64_t>(variant)} << 20,
                        check_tags()};
        json more = stage.fill(stage.subject.setup.volume_spec);
        if (variant != 0) more.erase("size_bytes");
        return merged(to_json(spec), more);
    };
    maker.make = [](const Session& s, const bh_call* c, bh_str spec, bh_sink o, bh_error* e) {
        return storage(s).volume_create(s.self, c, spec, o, e);
    };
    maker.remove = [](const Session& s, const bh_call* c, bh_str id, bh_sink, bh_error* e) {
        return storage(s).volume_delete(s.self, c, id, e);
    };
    maker.list = [](const Session& s, bh_str page, bh_sink o, bh_error* e) {
        return storage(s).volume_list(s.self, page, o, e);
    };
    maker.parse = [](std::string_view text) { return thing_of(parse_volume, &Volume::volume, text); };
    maker.parse_page = [](std::string_view text) {
        return page_of(parse_volume_page, &VolumePage::volumes, &Volume::volume, text);
    };
    const JobVerb resize = [](const Session& s, const bh_call* c, bh_str id, bh_sink, bh_error* e) {
        return storage(s).volume_resize(s.self, c, id, 1 << 20, e);
    };
    kind.missing = {{"volume_delete", with_job("gone-delete", maker.remove), BH_OK},
                    {"volume_resize", with_job("gone-resize", resize), BH_E_NOT_FOUND}};
    kind.takers = {{"volume_create", maker.make},
                   {"image_import", [](const Session& s, const bh_call* c, bh_str image, bh_sink o, bh_error* e) {
                        return storage(s).image_import(s.self, c, image, o, e);
                    }}};
    kind.maker = maker;
    return kind;
}

Kind hypervisor_kind() {
    Kind kind{BH_HYPERVISOR, {}, {}, {}, {}};
    kind.readers = {
        {"describe", [](const Session& s, bh_sink o, bh_error* e) { return hypervisor(s).describe(s.self, o, e); },
         parses(parse_hypervisor_description)},
        {"vm_list", [](const Session& s, bh_sink o, bh_error* e) { return hypervisor(s).vm_list(s.self, {}, o, e); },
         parses(parse_vm_page)}};
    Maker maker;
    maker.verb = "vm_create", maker.remover = "vm_destroy", maker.lister = "vm_list";
    maker.request = [](Stage& stage, int variant) {
        VmSpec spec;
        spec.name = "bh-7-abcdef";
        spec.cpus = 1 + static_cast<std::uint32_t>(variant);
        spec.memory_bytes = std::uint64_t{256} << 20;
        spec.volumes = {
            {"v-1", "op-1", "store", "file", stage.directory + "/volume.qcow2", "qcow2", "", 1 << 30, check_tags()}};
        spec.network = {"bh0123456789ab", "52:54:00:00:00:01", "2001:db8:b10c::7", "fe80::1"};
        spec.first_boot = {"#cloud-config\n", "instance-id: x\n", "version: 2\n"};
        spec.tags = check_tags();
        json more = stage.fill(stage.subject.setup.vm_spec);
        if (variant != 0) more.erase("cpus");
        return merged(to_json(spec), more);
    };
    maker.make = [](const Session& s, const bh_call* c, bh_str spec, bh_sink o, bh_error* e) {
        return hypervisor(s).vm_create(s.self, c, spec, o, e);
    };
    maker.remove = [](const Session& s, const bh_call* c, bh_str id, bh_sink, bh_error* e) {
        return hypervisor(s).vm_destroy(s.self, c, id, e);
    };
    maker.list = [](const Session& s, bh_str page, bh_sink o, bh_error* e) {
        return hypervisor(s).vm_list(s.self, page, o, e);
    };
    maker.parse = [](std::string_view text) { return thing_of(parse_vm, &Vm::vm, text); };
    maker.parse_page = [](std::string_view text) { return page_of(parse_vm_page, &VmPage::vms, &Vm::vm, text); };
    const auto power = [](std::uint32_t action) -> JobVerb {
        return [action](const Session& s, const bh_call* c, bh_str id, bh_sink, bh_error* e) {
            return hypervisor(s).vm_power(s.self, c, id, action, e);
        };
    };
    kind.missing = {
        {"vm_destroy", with_job("gone-destroy", maker.remove), BH_OK},
        {"vm_power", with_job("gone-power", power(BH_POWER_START)), BH_E_NOT_FOUND},
        {"vm_get",
         [](const Session& s, bh_sink o, bh_error* e) { return hypervisor(s).vm_get(s.self, str(kNobody), o, e); },
         BH_E_NOT_FOUND},
        {"vm_stats",
         [](const Session& s, bh_sink, bh_error* e) {
             bh_vm_stats stats{};
             stats.struct_size = sizeof stats;
             return hypervisor(s).vm_stats(s.self, str(kNobody), &stats, e);
         },
         BH_E_NOT_FOUND}};
    kind.takers = {{"vm_create", maker.make}};
    kind.maker = maker;
    return kind;
}

Kind ipv6_kind() {
    Kind kind{BH_IPV6, {}, {}, {}, {}};
    kind.readers = {
        {"describe", [](const Session& s, bh_sink o, bh_error* e) { return ipv6(s).describe(s.self, o, e); },
         parses(parse_ipv6_description)},
        {"delegation_list",
         [](const Session& s, bh_sink o, bh_error* e) { return ipv6(s).delegation_list(s.self, {}, o, e); },
         parses(parse_delegation_page)}};
    Maker maker;
    maker.verb = "delegation_acquire", maker.remover = "delegation_release", maker.lister = "delegation_list";
    maker.request = [](Stage& stage, int variant) {
        DelegationRequest request{0, check_tags()};
        if (variant != 0) request.tags.subject = "plan:2";
        return merged(to_json(request), stage.fill(stage.subject.setup.delegation_request));
    };
    maker.make = [](const Session& s, const bh_call* c, bh_str request, bh_sink o, bh_error* e) {
        return ipv6(s).delegation_acquire(s.self, c, request, o, e);
    };
    maker.remove = [](const Session& s, const bh_call* c, bh_str id, bh_sink, bh_error* e) {
        return ipv6(s).delegation_release(s.self, c, id, e);
    };
    maker.list = [](const Session& s, bh_str page, bh_sink o, bh_error* e) {
        return ipv6(s).delegation_list(s.self, page, o, e);
    };
    maker.parse = [](std::string_view text) { return thing_of(parse_delegation, &Delegation::delegation, text); };
    maker.parse_page = [](std::string_view text) {
        return page_of(parse_delegation_page, &DelegationPage::delegations, &Delegation::delegation, text);
    };
    const JobVerb renew = [](const Session& s, const bh_call* c, bh_str id, bh_sink o, bh_error* e) {
        return ipv6(s).delegation_renew(s.self, c, id, o, e);
    };
    kind.missing = {{"delegation_release", with_job("gone-release", maker.remove), BH_OK},
                    {"delegation_renew", with_job("gone-renew", renew), BH_E_NOT_FOUND}};
    kind.takers = {{"delegation_acquire", maker.make}};
    kind.maker = maker;
    return kind;
}

std::vector<Kind> kinds_of(const Subject& subject) {
    std::vector<Kind> kinds;
    if (subject.offers(BH_STORAGE)) kinds.push_back(storage_kind());
    if (subject.offers(BH_HYPERVISOR)) kinds.push_back(hypervisor_kind());
    if (subject.offers(BH_HYPERVISOR) && subject.offers(BH_HYPERVISOR_RESIZE)) kinds.push_back(resize_kind());
    if (subject.offers(BH_HYPERVISOR) && subject.offers(BH_HYPERVISOR_REINSTALL)) kinds.push_back(reinstall_kind());
    if (subject.offers(BH_HYPERVISOR) && subject.offers(BH_HYPERVISOR_SNAPSHOT)) kinds.push_back(snapshot_kind());
    if (subject.offers(BH_IPV6)) kinds.push_back(ipv6_kind());
    if (subject.offers(BH_CHAIN)) kinds.push_back(chain_kind());
    return kinds;
}

}  // namespace bh::check
