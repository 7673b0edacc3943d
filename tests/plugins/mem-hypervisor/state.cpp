#include "tests/plugins/mem-hypervisor/state.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace bh::mem {
namespace {

using nlohmann::json;

UnixTime now() {
    return {
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

// The decimal behind the line "sequence: " of an owner statement.
std::optional<std::uint64_t> sequence_of(std::string_view statement) {
    constexpr std::string_view kName = "\nsequence: ";
    const auto at = statement.find(kName);
    if (at == std::string_view::npos) return std::nullopt;
    const char* begin = statement.data() + at + kName.size();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(begin, statement.data() + statement.size(), value);
    if (error != std::errc{} || end == statement.data() + statement.size() || *end != '\n') return std::nullopt;
    return value;
}

json error(const char* reason) { return {{"reason", reason}, {"message", std::string{"the guest says "} + reason}}; }

// Either {"ok": ...} or {"error": ...}.
json take_statement(Guest& guest, const json& request) {
    const auto hex = request.find("statement");
    if (hex == request.end() || !hex->is_string()) return {{"error", error("bad_statement")}};
    const auto bytes = bytes_from_hex(hex->get<std::string>());
    if (!bytes) return {{"error", error("bad_statement")}};
    const auto sequence = sequence_of({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    if (!sequence) return {{"error", error("bad_statement")}};
    if (*sequence > guest.sequence) {
        guest.sequence = *sequence;
        guest.statement = hex->get<std::string>();
    }
    return {{"ok", {{"sequence", std::to_string(guest.sequence)}}}};
}

json hello(const Machine& machine) {
    return {{"ok",
             {{"version", "0.0.1-mem"},
              {"vm", machine.vm.name},
              {"ssh_host_key", machine.guest.host_key},
              {"boot_id", machine.guest.boot_id},
              {"uptime_s", 1},
              {"sshd", "listening"},
              {"sequence", std::to_string(machine.guest.sequence)}}}};
}

json poll(const Guest& guest) {
    json questions = json::array();
    if (!guest.question.empty()) questions.push_back(json::parse(guest.question));
    return {{"ok", {{"questions", questions}}}};
}

json take_answer(Guest& guest, const json& request) {
    const bool known =
        !guest.question.empty() && json::parse(guest.question).value("id", "") == request.value("id", "");
    if (known) {
        guest.question.clear();
        guest.verdict = request.dump();
    }
    return {{"ok", {{"known", known}}}};
}

}  // namespace

Machine* find_machine(HypervisorState& state, const std::string& vm) {
    for (Machine& machine : state.machines)
        if (machine.vm.vm == vm) return &machine;
    return nullptr;
}

void start_machine(Machine& machine) {
    if (machine.vm.state == "running") return;
    machine.vm.state = "running";
    machine.vm.started_at = now();
    machine.vm.stopped_by.clear();
    machine.shutdowns = 0;
    machine.guest.silent_left = machine.guest.silent_for;
    char boot_id[48];
    std::snprintf(boot_id, sizeof boot_id, "00000000-0000-4000-8000-%012x", ++machine.guest.boots);
    machine.guest.boot_id = boot_id;
}

void stop_machine(Machine& machine, const std::string& by) {
    if (machine.vm.state == "stopped") return;
    machine.vm.state = "stopped";
    machine.vm.started_at = {};
    machine.vm.stopped_by = by;
}

std::optional<std::string> guest_answer(Machine& machine, std::string_view request) {
    Guest& guest = machine.guest;
    if (guest.silent_left > 0) {
        --guest.silent_left;
        return std::nullopt;
    }
    const json message = json::parse(request, nullptr, false);
    const std::string type = message.is_object() ? message.value("type", "") : "";
    json answer;
    if (!message.is_object() || message.value("v", 0) != 1) {
        answer = {{"error", error("bad_request")}};
    } else if (type == "hello") {
        answer = hello(machine);
    } else if (type == "statement") {
        answer = take_statement(guest, message);
    } else if (type == "poll") {
        answer = poll(guest);
    } else if (type == "answer") {
        answer = take_answer(guest, message);
    } else {
        answer = {{"error", error("bad_request")}};
    }
    answer["v"] = 1;
    answer["type"] = type;
    return answer.dump();
}

void power_off_inside(HypervisorState& state, const std::string& vm) {
    if (Machine* machine = find_machine(state, vm)) stop_machine(*machine, "guest");
}

void reboot_host(HypervisorState& state) {
    for (Machine& machine : state.machines) stop_machine(machine, "");
}

}  // namespace bh::mem
