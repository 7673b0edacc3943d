// The rows of a hypervisor's extensions: each verb is about a VM, so that a session makes one when it first needs it.
#include "plugin-api/check/kinds.hpp"
#include "plugin-api/documents/hypervisor.hpp"

#include <poll.h>

#include <utility>

namespace bh::check {
namespace {

using sdk::str;

constexpr const char* kOpId = "check-vm";
constexpr std::uint32_t kMostAsks = 400;
constexpr int kPause = 20;  // ms

const bh_hypervisor_resize& resize(const Session& s) { return s.table<bh_hypervisor_resize>(BH_HYPERVISOR_RESIZE); }
const bh_hypervisor_reinstall& reinstall(const Session& s) {
    return s.table<bh_hypervisor_reinstall>(BH_HYPERVISOR_REINSTALL);
}
const bh_hypervisor_snapshot& snapshot(const Session& s) {
    return s.table<bh_hypervisor_snapshot>(BH_HYPERVISOR_SNAPSHOT);
}

// -> the id of the session's VM in session.vm, or why there is none. What is tried is not the making of it: it is not
// disturbed, and its points of no return do not count. Several threads may ask: the first makes it before any goes on.
bh_status own_vm(const Session& session, bh_error* err) {
    const std::scoped_lock lock{session.vm_mutex};
    if (!session.vm.empty()) return BH_OK;
    Stage& stage = session.stage;
    Disturbance disturbance = std::exchange(stage.disturbance, {});
    const int boundaries = stage.shared.boundaries;
    const Maker maker = *hypervisor_kind().maker;
    const std::string request = maker.request(stage, 0);
    sdk::Collector out;
    bh_status status = BH_PENDING;
    for (std::uint32_t number = 1; status == BH_PENDING && number <= kMostAsks; ++number) {
        if (number > 1) ::poll(nullptr, 0, kPause);
        const Job job{stage, kOpId, number};
        status = maker.make(session, job.c(), str(request), out.sink(), err);
    }
    stage.shared.boundaries = boundaries;
    stage.disturbance = std::move(disturbance);
    if (status != BH_OK) return status;
    const Result<Vm> made = parse_vm(out.text());
    if (!made) return sdk::report(err, BH_E_INTERNAL, "bad_document", "vm_create: " + made.failure().message);
    session.vm = made->vm;
    return BH_OK;
}

// `verb(session, call, vm, given, ...)` on the session's own VM, or on one that there is not.
using VmVerb = bh_status (*)(const Session&, const bh_call*, bh_str vm, bh_str given, bh_sink, bh_error*);
JobVerb on_own(VmVerb verb) {
    return [verb](const Session& s, const bh_call* c, bh_str given, bh_sink o, bh_error* e) {
        const bh_status made = own_vm(s, e);
        return made == BH_OK ? verb(s, c, str(s.vm), given, o, e) : made;
    };
}
JobVerb on_nobody(VmVerb verb, std::string given) {
    return [verb, given = std::move(given)](const Session& s, const bh_call* c, bh_str nobody, bh_sink o, bh_error* e) {
        return verb(s, c, nobody, str(given), o, e);
    };
}

bh_status vm_resize(const Session& s, const bh_call* c, bh_str vm, bh_str size, bh_sink o, bh_error* e) {
    return resize(s).vm_resize(s.self, c, vm, size, o, e);
}
bh_status vm_reinstall(const Session& s, const bh_call* c, bh_str vm, bh_str spec, bh_sink o, bh_error* e) {
    return reinstall(s).vm_reinstall(s.self, c, vm, spec, o, e);
}
bh_status create(const Session& s, const bh_call* c, bh_str vm, bh_str spec, bh_sink o, bh_error* e) {
    return snapshot(s).snapshot_create(s.self, c, vm, spec, o, e);
}
bh_status revert(const Session& s, const bh_call* c, bh_str vm, bh_str id, bh_sink, bh_error* e) {
    return snapshot(s).snapshot_revert(s.self, c, vm, id, e);
}
bh_status remove(const Session& s, const bh_call* c, bh_str vm, bh_str id, bh_sink, bh_error* e) {
    return snapshot(s).snapshot_delete(s.self, c, vm, id, e);
}
bh_status list(const Session& s, const bh_call*, bh_str vm, bh_str page, bh_sink o, bh_error* e) {
    return snapshot(s).snapshot_list(s.self, vm, page, o, e);
}

}  // namespace

Kind resize_kind() {
    Kind kind{BH_HYPERVISOR_RESIZE, {}, {}, {}, {}};
    kind.missing = {
        {"vm_resize", with_job("gone-size", on_nobody(vm_resize, to_json(VmSize{1, 1 << 28, {}}))), BH_E_NOT_FOUND}};
    kind.takers = {{"vm_resize", on_own(vm_resize)}};
    return kind;
}

Kind reinstall_kind() {
    Kind kind{BH_HYPERVISOR_REINSTALL, {}, {}, {}, {}};
    const JobVerb on_none = [](const Session& s, const bh_call* c, bh_str nobody, bh_sink o, bh_error* e) {
        const std::string spec = hypervisor_kind().maker->request(s.stage, 0);
        return vm_reinstall(s, c, nobody, str(spec), o, e);
    };
    kind.missing = {{"vm_reinstall", with_job("gone-reinstall", on_none), BH_E_NOT_FOUND}};
    kind.takers = {{"vm_reinstall", on_own(vm_reinstall)}};
    return kind;
}

Kind snapshot_kind() {
    Kind kind{BH_HYPERVISOR_SNAPSHOT, {}, {}, {}, {}};
    Maker maker;
    maker.verb = "snapshot_create", maker.remover = "snapshot_delete", maker.lister = "snapshot_list";
    maker.request = [](Stage&, int variant) {
        return to_json(SnapshotSpec{variant == 0 ? "check" : "another", false, check_tags()});
    };
    maker.make = on_own(create);
    maker.remove = on_own(remove);
    maker.list = [](const Session& s, bh_str page, bh_sink o, bh_error* e) {
        return on_own(list)(s, nullptr, page, o, e);
    };
    maker.parse = [](std::string_view text) { return thing_of(parse_snapshot, &Snapshot::snapshot, text); };
    maker.parse_page = [](std::string_view text) {
        return page_of(parse_snapshot_page, &SnapshotPage::snapshots, &Snapshot::snapshot, text);
    };
    const std::string spec = to_json(SnapshotSpec{"check", false, check_tags()});
    kind.missing = {{"snapshot_create of a VM", with_job("gone-snapshot", on_nobody(create, spec)), BH_E_NOT_FOUND},
                    {"snapshot_revert of a VM", with_job("gone-revert", on_nobody(revert, kNobody)), BH_E_NOT_FOUND},
                    {"snapshot_revert to a snapshot", with_job("none-revert", on_own(revert)), BH_E_NOT_FOUND},
                    {"snapshot_delete of a VM", with_job("gone-delete", on_nobody(remove, kNobody)), BH_OK},
                    {"snapshot_delete", with_job("none-delete", on_own(remove)), BH_OK},
                    {"snapshot_list of a VM", with_job("gone-list", on_nobody(list, "")), BH_E_NOT_FOUND}};
    kind.takers = {{"snapshot_create", maker.make}};
    kind.maker = maker;
    return kind;
}

}  // namespace bh::check
