/* A plugin that does what it is told, good or bad: guest_exchange(vm = "what", request) does it and answers in a
 * sentence. In C, against the headers alone. Its verbs besides are the smallest that there are. */
#include "probe.h"

#include "tests/worker/plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct bh_instance the_instance;

bh_status say(bh_sink out, const char* text) { return plain_say(out, text); }
bh_status say_result(bh_sink out, long result) {
    return say(out, result >= 0 ? "allowed" : errno == EPERM ? "EPERM" : strerror(errno));
}
const void* service(const char* id) { return the_instance.kernel->service(the_instance.kernel, id); }
const char* request_text(const exchange* e) {
    static _Thread_local char text[512];
    size_t size = e->request.len < sizeof text - 1 ? e->request.len : sizeof text - 1;
    if (size != 0) memcpy(text, e->request.ptr, size);
    text[size] = '\0';
    return text;
}
int copy_request(const exchange* e, char* out, size_t size) {
    const char* text = request_text(e);
    const size_t length = strlen(text);
    if (length >= size) return 0;
    memcpy(out, text, length + 1);
    return 1;
}

static bh_status guest_exchange(bh_instance* self, const bh_call* call, bh_str vm, bh_bytes request, bh_sink answer,
                                bh_error* err) {
    (void)self;
    const exchange e = {call, request, answer, err};
    const act* lists[] = {hostile_acts, service_acts};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; ++i)
        for (const act* each = lists[i]; each->name != NULL; ++each)
            if (vm.len == strlen(each->name) && memcmp(vm.ptr, each->name, vm.len) == 0) return each->run(&e);
    return BH_E_INVALID;
}

static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) {
    (void)self, (void)err;
    return say(out, "{\"net_filter\":\"kernel\",\"volume_kinds\":[\"file\"]}");
}
static bh_status vm_create(bh_instance* self, const bh_call* call, bh_str spec, bh_sink out, bh_error* err) {
    (void)self, (void)call, (void)spec, (void)out, (void)err;
    return BH_E_UNSUPPORTED;
}
static bh_status vm_destroy(bh_instance* self, const bh_call* call, bh_str vm, bh_error* err) {
    (void)self, (void)call, (void)vm, (void)err;
    return BH_OK;
}
static bh_status vm_power(bh_instance* self, const bh_call* call, bh_str vm, uint32_t action, bh_error* err) {
    (void)self, (void)call, (void)vm, (void)err;
    return action == BH_POWER_START ? BH_OK : BH_E_UNSUPPORTED;
}
static bh_status vm_get(bh_instance* self, bh_str vm, bh_sink out, bh_error* err) {
    (void)self, (void)vm, (void)out, (void)err;
    return BH_E_NOT_FOUND;
}
static bh_status vm_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) {
    (void)self, (void)page, (void)err;
    return say(out, "{\"vms\":[],\"next\":\"\"}");
}
static bh_status vm_stats(bh_instance* self, bh_str vm, bh_vm_stats* out, bh_error* err) {
    (void)self, (void)err;
    out->state = BH_VM_RUNNING;
    out->uptime_s = (int64_t)vm.len;
    out->cpu_ns = 42;
    out->memory_used_bytes = out->disk_read_bytes = out->disk_write_bytes = out->net_rx_bytes = out->net_tx_bytes = -1;
    return BH_OK;
}

static const bh_hypervisor hypervisor = {
    sizeof(bh_hypervisor), 0, describe, vm_create, vm_destroy, vm_power, vm_get, vm_list, vm_stats};
static const bh_hypervisor_guest guest = {sizeof(bh_hypervisor_guest), 0, guest_exchange};

static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    if (config.len >= 15 && memcmp(config.ptr, "{\"fail\":\"crash\"", 15) == 0) raise(SIGSEGV), abort();
    if (config.len >= 9 && memcmp(config.ptr, "{\"fail\":\"", 9) == 0) {
        strcpy(err->reason, "told_to");
        strcpy(err->message, "the configuration says so");
        return BH_E_UNAVAILABLE;
    }
    the_instance.kernel = kernel;
    *out = &the_instance;
    return BH_OK;
}
static const void* query(const char* id) {
    if (strcmp(id, BH_HYPERVISOR) == 0) return &hypervisor;
    return strcmp(id, BH_HYPERVISOR_GUEST) == 0 ? &guest : NULL;
}
PLAIN_PLUGIN("org.blockhost.probe")
