// The pretended hypervisor obeys the job rules, and its guest speaks guest-messages-1.
#include "tests/plugins/harness.hpp"
#include "tests/plugins/mem-hypervisor/state.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::mem;
using namespace bh::mem::test;
using nlohmann::json;

namespace {

struct Machines : Plugged {
    explicit Machines(const std::string& state) : Plugged{"org.blockhost.mem-hypervisor", state} {}
    const bh_hypervisor& verbs = table<bh_hypervisor>(BH_HYPERVISOR);
    const bh_hypervisor_guest& guest = table<bh_hypervisor_guest>(BH_HYPERVISOR_GUEST);

    Result<Vm> create(Job& job, const VmSpec& spec) {
        return document(parse_vm, [&, text = to_json(spec)](bh_sink out, bh_error* err) {
            return verbs.vm_create(self(), job.next(), sdk::str(text), out, err);
        });
    }
    Status power(Job& job, const std::string& vm, std::uint32_t action) {
        return status([&](bh_error* err) { return verbs.vm_power(self(), job.next(), sdk::str(vm), action, err); });
    }
    Status destroy(Job& job, const std::string& vm) {
        return status([&](bh_error* err) { return verbs.vm_destroy(self(), job.next(), sdk::str(vm), err); });
    }
    Result<Vm> get(const std::string& vm) {
        return document(parse_vm,
                        [&](bh_sink out, bh_error* err) { return verbs.vm_get(self(), sdk::str(vm), out, err); });
    }
    Result<json> ask(const std::string& vm, const json& request) {
        Job job{"ask"};
        const std::string bytes = request.dump();
        const auto answer = text([&](bh_sink out, bh_error* err) {
            return guest.guest_exchange(self(), job.next(), sdk::str(vm), sdk::raw(std::string_view{bytes}), out, err);
        });
        if (!answer) return answer.failure();
        return json::parse(*answer);
    }
};

VmSpec spec() {
    VmSpec spec;
    spec.name = "bh-7-abcdef";
    spec.memory_bytes = 1 << 29;
    spec.network = {"bh0123456789ab", "52:54:00:00:00:01", "2001:db8:b10c::7", "fe80::1"};
    return spec;
}

std::string statement(int sequence) {
    const std::string text =
        "BlockHost owner statement 1\nowner: 0xb0\nsequence: " + std::to_string(sequence) + "\nissued: 1\n";
    return hex_from_bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

}  // namespace

TEST_CASE("a VM is created once, stopped, and found by its op_id") {
    const TempDir dir;
    Machines machines{dir.file("vms")};
    Job job{"op-1"};
    const auto vm = machines.create(job, spec());
    REQUIRE(vm);
    CHECK(vm->state == "stopped");
    CHECK(vm->created_by == "op-1");
    CHECK(vm->address == "2001:db8:b10c::7");
    CHECK(machines.create(job, spec())->vm == vm->vm);
    VmSpec other = spec();
    other.cpus = 2;
    CHECK(machines.create(job, other).failure().code == BH_E_CONFLICT);
    CHECK(HypervisorBackend{dir.file("vms")}.look().machines.size() == 1);
}

TEST_CASE("power reaches states, and a shutdown may take a while") {
    const TempDir dir;
    Machines machines{dir.file("vms")};
    HypervisorBackend backend{dir.file("vms")};
    backend.edit([](HypervisorState& state) { state.shutdown_takes = 3; });
    Job job{"op-1"}, start{"op-2"}, stop{"op-3"};
    const std::string vm = machines.create(job, spec())->vm;
    CHECK(machines.power(start, vm, BH_POWER_START));
    CHECK(machines.power(start, vm, BH_POWER_START));
    CHECK(machines.get(vm)->state == "running");
    CHECK(machines.get(vm)->started_at.seconds > 0);
    CHECK(machines.power(stop, vm, BH_POWER_SHUTDOWN).failure().code == BH_PENDING);
    CHECK(machines.power(stop, vm, BH_POWER_SHUTDOWN).failure().code == BH_PENDING);
    CHECK(machines.power(stop, vm, BH_POWER_SHUTDOWN));
    CHECK(machines.get(vm)->stopped_by == "host");
    CHECK(machines.power(start, "vm-none", BH_POWER_START).failure().code == BH_E_NOT_FOUND);
    CHECK(machines.power(start, vm, 99).failure().code == BH_E_UNSUPPORTED);
}

TEST_CASE("a reset happens once per op_id, and one that may have happened is not repeated") {
    const TempDir dir;
    Machines machines{dir.file("vms")};
    HypervisorBackend backend{dir.file("vms")};
    Job job{"op-1"}, start{"op-2"}, reset{"op-3"}, doubtful{"op-4"};
    const std::string vm = machines.create(job, spec())->vm;
    REQUIRE(machines.power(start, vm, BH_POWER_START));
    CHECK(machines.power(reset, vm, BH_POWER_RESET));
    CHECK(machines.power(reset, vm, BH_POWER_RESET));
    CHECK(backend.look().machines.at(0).guest.boots == 2);
    doubtful.saved = "reset";
    CHECK(machines.power(doubtful, vm, BH_POWER_RESET).failure().code == BH_E_UNKNOWN_OUTCOME);
    CHECK(backend.look().machines.at(0).guest.boots == 2);
}

TEST_CASE("what happens behind the plugin's back is seen") {
    const TempDir dir;
    Machines machines{dir.file("vms")};
    HypervisorBackend backend{dir.file("vms")};
    Job job{"op-1"}, start{"op-2"}, end{"op-3"};
    const std::string vm = machines.create(job, spec())->vm;
    REQUIRE(machines.power(start, vm, BH_POWER_START));
    backend.edit([&](HypervisorState& state) { power_off_inside(state, vm); });
    CHECK(machines.get(vm)->stopped_by == "guest");
    REQUIRE(machines.power(start, vm, BH_POWER_START));
    backend.edit([](HypervisorState& state) { reboot_host(state); });
    CHECK(machines.get(vm)->state == "stopped");
    CHECK(machines.get(vm)->stopped_by.empty());
    CHECK(machines.destroy(end, vm));
    CHECK(machines.destroy(end, vm));
    CHECK(machines.get(vm).failure().code == BH_E_NOT_FOUND);
}

TEST_CASE("a guest is silent while it boots, then says hello") {
    const TempDir dir;
    Machines machines{dir.file("vms")};
    HypervisorBackend backend{dir.file("vms")};
    backend.edit([](HypervisorState& state) { state.guest_silent_for = 2; });
    Job job{"op-1"}, start{"op-2"};
    const std::string vm = machines.create(job, spec())->vm;
    const json hello{{"v", 1}, {"type", "hello"}};
    CHECK(machines.ask(vm, hello).failure().code == BH_E_UNAVAILABLE);
    REQUIRE(machines.power(start, vm, BH_POWER_START));
    CHECK(machines.ask(vm, hello).failure().code == BH_E_UNAVAILABLE);
    CHECK(machines.ask(vm, hello).failure().code == BH_E_UNAVAILABLE);
    const auto answer = machines.ask(vm, hello);
    REQUIRE(answer);
    CHECK((*answer)["ok"]["vm"] == "bh-7-abcdef");
    CHECK((*answer)["ok"]["ssh_host_key"].get<std::string>().starts_with("ssh-ed25519 "));
    CHECK((*answer)["ok"]["sequence"] == "0");
}

TEST_CASE("a guest keeps the newest owner statement and refuses rubbish") {
    const TempDir dir;
    Machines machines{dir.file("vms")};
    Job job{"op-1"}, start{"op-2"};
    const std::string vm = machines.create(job, spec())->vm;
    REQUIRE(machines.power(start, vm, BH_POWER_START));
    const auto give = [&](const std::string& hex) {
        return *machines.ask(vm, {{"v", 1}, {"type", "statement"}, {"statement", hex}});
    };
    CHECK(give(statement(5))["ok"]["sequence"] == "5");
    CHECK(give(statement(4))["ok"]["sequence"] == "5");
    CHECK(give(statement(9))["ok"]["sequence"] == "9");
    CHECK(give("0x00")["error"]["reason"] == "bad_statement");
    CHECK((*machines.ask(vm, {{"v", 2}, {"type", "hello"}}))["error"]["reason"] == "bad_request");
    CHECK(HypervisorBackend{dir.file("vms")}.look().machines.at(0).guest.statement == statement(9));
}

TEST_CASE("a guest's question waits for its answer") {
    const TempDir dir;
    Machines machines{dir.file("vms")};
    HypervisorBackend backend{dir.file("vms")};
    Job job{"op-1"}, start{"op-2"};
    const std::string vm = machines.create(job, spec())->vm;
    REQUIRE(machines.power(start, vm, BH_POWER_START));
    const json poll{{"v", 1}, {"type", "poll"}};
    CHECK((*machines.ask(vm, poll))["ok"]["questions"].empty());
    backend.edit(
        [](HypervisorState& state) { state.machines.at(0).guest.question = R"({"id":"q1","kind":"signature"})"; });
    CHECK((*machines.ask(vm, poll))["ok"]["questions"][0]["id"] == "q1");
    const json answer{{"v", 1}, {"type", "answer"}, {"id", "q1"}, {"valid", true}, {"reason", ""}};
    CHECK((*machines.ask(vm, answer))["ok"]["known"] == true);
    CHECK((*machines.ask(vm, answer))["ok"]["known"] == false);
}

TEST_CASE("a console is offered for a VM that exists") {
    const TempDir dir;
    Machines machines{dir.file("vms")};
    Job job{"op-1"}, open{"op-2"};
    const std::string vm = machines.create(job, spec())->vm;
    const auto console = Plugged::document(parse_console, [&](bh_sink out, bh_error* err) {
        return machines.table<bh_hypervisor_console>(BH_HYPERVISOR_CONSOLE)
            .console_open(machines.self(), open.next(), sdk::str(vm), BH_CONSOLE_TEXT, out, err);
    });
    REQUIRE(console);
    CHECK(console->protocol == "text");
}
