// The extensions resize, snapshot and reinstall from the other side of the ABI.
#include "plugin-api/sdk/cpp/calls_for_test.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace bh;
using namespace bh::sdk;
using namespace bh::sdk::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// Says what it was asked for.
struct Machine {
    static constexpr std::string_view kId = "org.blockhost.test.machine";
    static constexpr std::string_view kVersion = "1.0.0";
    static Result<std::unique_ptr<Machine>> create(const Kernel&, std::string_view) {
        return std::make_unique<Machine>();
    }
    static Vm named(const std::string& vm, const std::string& name) {
        Vm out;
        out.vm = vm;
        out.name = name;
        return out;
    }
    Result<HypervisorDescription> describe() { return HypervisorDescription{}; }
    Result<Vm> vm_create(const Call&, const VmSpec&) { return Vm{}; }
    Status vm_destroy(const Call&, const std::string&) { return {}; }
    Status vm_power(const Call&, const std::string&, std::uint32_t) { return {}; }
    Result<Vm> vm_get(const std::string&) { return Vm{}; }
    Result<VmPage> vm_list(std::string_view) { return VmPage{}; }
    Result<bh_vm_stats> vm_stats(const std::string&) { return bh_vm_stats{}; }

    Result<Vm> vm_resize(const Call& call, const std::string& vm, const VmSize& size) {
        Vm out = named(vm, call.op_id());
        out.cpus = size.cpus;
        out.memory_bytes = size.memory_bytes;
        for (const Volume& volume : size.volumes) out.waits.push_back(volume.volume);
        return out;
    }
    Result<Vm> vm_reinstall(const Call&, const std::string& vm, const VmSpec& spec) { return named(vm, spec.name); }
    Result<Snapshot> snapshot_create(const Call& call, const std::string& vm, const SnapshotSpec& spec) {
        Snapshot out;
        out.snapshot = "s-1";
        out.created_by = call.op_id();
        out.vm = vm;
        out.name = spec.name;
        out.memory = spec.memory;
        return out;
    }
    Status snapshot_revert(const Call&, const std::string& vm, const std::string& snapshot) {
        return Failure{BH_E_UNKNOWN_OUTCOME, "revert", vm + " to " + snapshot};
    }
    Status snapshot_delete(const Call&, const std::string& vm, const std::string& snapshot) {
        return Failure{BH_E_BUSY, "busy", vm + " without " + snapshot};
    }
    Result<SnapshotPage> snapshot_list(const std::string& vm, std::string_view page) {
        return SnapshotPage{{}, vm + " after " + std::string{page}};
    }
};

// A VM by its id and by its whole document.
const std::string kVm = "vm-1", kVmDocument = to_json(Machine::named("vm-1", "bh-7"));

}  // namespace

TEST_CASE("a class with the members of an extension offers it") {
    for (const char* id : {BH_HYPERVISOR_RESIZE, BH_HYPERVISOR_REINSTALL, BH_HYPERVISOR_SNAPSHOT})
        CHECK(PluginGlue<Machine>::query(id) != nullptr);
    for (const char* id : {BH_HYPERVISOR_GUEST, BH_HYPERVISOR_CONSOLE})
        CHECK(PluginGlue<Machine>::query(id) == nullptr);
}

TEST_CASE("a resize takes a VM and a size, and says what waits") {
    Loaded<Machine> loaded;
    FakeCall call;
    const auto& table = loaded.table<bh_hypervisor_resize>(BH_HYPERVISOR_RESIZE);
    Volume volume;
    volume.volume = "v-1";
    const std::string size = to_json(VmSize{4, 1 << 30, {volume}});
    for (const std::string& given : {kVm, kVmDocument}) {
        Collector out;
        REQUIRE(table.vm_resize(loaded.instance, &call.call, str(given), str(size), out.sink(), nullptr) == BH_OK);
        const auto vm = parse_vm(out.text());
        REQUIRE(vm);
        CHECK(vm->vm == "vm-1");
        CHECK(vm->name == "op-1");
        CHECK(vm->cpus == 4);
        CHECK(vm->memory_bytes == 1 << 30);
        CHECK(vm->waits == std::vector<std::string>{"v-1"});
    }
    Collector out;
    CHECK(table.vm_resize(loaded.instance, &call.call, str(kVm), str("{}"), out.sink(), &loaded.error) == BH_E_INVALID);
    CHECK_THAT(loaded.error.message, ContainsSubstring("size: /"));
    CHECK(table.vm_resize(loaded.instance, &call.call, str("{}"), str(size), out.sink(), &loaded.error) ==
          BH_E_INVALID);
    CHECK_THAT(loaded.error.message, ContainsSubstring("vm: /"));
    CHECK(out.text().empty());
}

TEST_CASE("a reinstall takes a VM and a specification") {
    Loaded<Machine> loaded;
    FakeCall call;
    const auto& table = loaded.table<bh_hypervisor_reinstall>(BH_HYPERVISOR_REINSTALL);
    VmSpec spec;
    spec.name = "fresh";
    Collector out;
    REQUIRE(table.vm_reinstall(loaded.instance, &call.call, str(kVmDocument), str(to_json(spec)), out.sink(),
                               nullptr) == BH_OK);
    CHECK(parse_vm(out.text())->name == "fresh");
    CHECK(parse_vm(out.text())->vm == "vm-1");
    CHECK(table.vm_reinstall(loaded.instance, &call.call, str(kVm), str("[]"), out.sink(), &loaded.error) ==
          BH_E_INVALID);
    CHECK_THAT(loaded.error.message, ContainsSubstring("spec: "));
}

TEST_CASE("snapshots are made and listed of a VM, and named by id or document") {
    Loaded<Machine> loaded;
    FakeCall call;
    const auto& table = loaded.table<bh_hypervisor_snapshot>(BH_HYPERVISOR_SNAPSHOT);
    Collector made, listed;
    const std::string spec = to_json(SnapshotSpec{"before-upgrade", true, {}});
    REQUIRE(table.snapshot_create(loaded.instance, &call.call, str(kVm), str(spec), made.sink(), nullptr) == BH_OK);
    const auto snapshot = parse_snapshot(made.text());
    REQUIRE(snapshot);
    CHECK(snapshot->created_by == "op-1");
    CHECK(snapshot->name == "before-upgrade");
    CHECK(snapshot->memory);
    REQUIRE(table.snapshot_list(loaded.instance, str(kVmDocument), str("p2"), listed.sink(), nullptr) == BH_OK);
    CHECK(parse_snapshot_page(listed.text())->next == "vm-1 after p2");
    for (const std::string& given : {std::string{"s-1"}, made.text()}) {
        CHECK(table.snapshot_revert(loaded.instance, &call.call, str(kVm), str(given), &loaded.error) ==
              BH_E_UNKNOWN_OUTCOME);
        CHECK(std::string{loaded.error.message} == "vm-1 to s-1");
        CHECK(table.snapshot_delete(loaded.instance, &call.call, str(kVm), str(given), &loaded.error) == BH_E_BUSY);
        CHECK(std::string{loaded.error.message} == "vm-1 without s-1");
    }
    CHECK(table.snapshot_delete(loaded.instance, &call.call, str(kVm), str("{}"), &loaded.error) == BH_E_INVALID);
    CHECK_THAT(loaded.error.message, ContainsSubstring("snapshot: /"));
    CHECK(table.snapshot_create(loaded.instance, &call.call, str(kVm), str("{}"), made.sink(), &loaded.error) ==
          BH_E_INVALID);
    CHECK_THAT(loaded.error.message, ContainsSubstring("spec: /"));
}
