#include "kernel.h"

#include <string.h>

static bh_str str(const char* text) { return (bh_str){text, strlen(text)}; }

static int32_t never(const bh_call* call) { return 0; }
static uint32_t no_reason(const bh_call* call) { return BH_CANCEL_NONE; }
static void unseen(const bh_call* call, uint32_t permille, bh_str stage) {}
static bh_status unsaved(const bh_call* call, bh_bytes checkpoint, bh_error* err) { return BH_E_INTERNAL; }
static const bh_call call = {sizeof call, 1,    {"op-9", 4}, {"", 0},   {NULL, 0}, 0,      -1,
                             0,           NULL, never,       no_reason, unseen,    unsaved};

void test_contract_read(const bh_plugin* plugin, bh_instance* self, const char* request, const char* at,
                        uint32_t min_agree, test_answer* answer) {
    const bh_chain_contract* contract = plugin->query(BH_CHAIN_CONTRACT);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, contract->read(self, str(request), str(at), min_agree, test_sink(answer), &error), &error);
}
void test_contract_logs(const bh_plugin* plugin, bh_instance* self, const char* filter, const char* cursor,
                        uint32_t max, test_answer* answer) {
    const bh_chain_contract* contract = plugin->query(BH_CHAIN_CONTRACT);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, contract->logs(self, str(filter), str(cursor), max, test_sink(answer), &error), &error);
}
void test_guest_exchange(const bh_plugin* plugin, bh_instance* self, const char* vm, const uint8_t* request,
                         size_t size, test_answer* answer) {
    const bh_hypervisor_guest* guest = plugin->query(BH_HYPERVISOR_GUEST);
    bh_error error = {.struct_size = sizeof error};
    const bh_bytes given = {request, size};
    test_finish(answer, guest->guest_exchange(self, &call, str(vm), given, test_sink(answer), &error), &error);
}
void test_console_open(const bh_plugin* plugin, bh_instance* self, const char* vm, uint32_t type, test_answer* answer) {
    const bh_hypervisor_console* console = plugin->query(BH_HYPERVISOR_CONSOLE);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, console->console_open(self, &call, str(vm), type, test_sink(answer), &error), &error);
}
void test_vm_reinstall(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* spec,
                       test_answer* answer) {
    const bh_hypervisor_reinstall* reinstall = plugin->query(BH_HYPERVISOR_REINSTALL);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, reinstall->vm_reinstall(self, &call, str(vm), str(spec), test_sink(answer), &error), &error);
}
void test_vm_resize(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* size, test_answer* answer) {
    const bh_hypervisor_resize* resize = plugin->query(BH_HYPERVISOR_RESIZE);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, resize->vm_resize(self, &call, str(vm), str(size), test_sink(answer), &error), &error);
}
void test_snapshot_create(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* spec,
                          test_answer* answer) {
    const bh_hypervisor_snapshot* snapshots = plugin->query(BH_HYPERVISOR_SNAPSHOT);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, snapshots->snapshot_create(self, &call, str(vm), str(spec), test_sink(answer), &error), &error);
}
void test_snapshot_revert(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* snapshot,
                          test_answer* answer) {
    const bh_hypervisor_snapshot* snapshots = plugin->query(BH_HYPERVISOR_SNAPSHOT);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, snapshots->snapshot_revert(self, &call, str(vm), str(snapshot), &error), &error);
}
void test_snapshot_delete(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* snapshot,
                          test_answer* answer) {
    const bh_hypervisor_snapshot* snapshots = plugin->query(BH_HYPERVISOR_SNAPSHOT);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, snapshots->snapshot_delete(self, &call, str(vm), str(snapshot), &error), &error);
}
void test_snapshot_list(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* page,
                        test_answer* answer) {
    const bh_hypervisor_snapshot* snapshots = plugin->query(BH_HYPERVISOR_SNAPSHOT);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, snapshots->snapshot_list(self, str(vm), str(page), test_sink(answer), &error), &error);
}
void test_vm_get(const bh_plugin* plugin, bh_instance* self, const char* vm, test_answer* answer) {
    const bh_hypervisor* hypervisor = plugin->query(BH_HYPERVISOR);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, hypervisor->vm_get(self, str(vm), test_sink(answer), &error), &error);
}
