/* A plugin of three kinds that answers each question with what its store has under "answer", whatever was asked. */
#include "tests/worker/plain.h"

struct bh_instance {
    const bh_kernel* kernel;
};
static struct bh_instance the_instance;

static bh_status say(bh_instance* self, bh_sink out, bh_error* err) {
    const bh_svc_store* store = self->kernel->service(self->kernel, BH_SVC_STORE);
    const bh_str key = {"answer", 6};
    return store->get(self->kernel, key, out, err);
}
static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) { return say(self, out, err); }
static bh_status get(bh_instance* self, bh_str what, bh_sink out, bh_error* err) {
    (void)what;
    return say(self, out, err);
}
static bh_status make(bh_instance* self, const bh_call* call, bh_str what, bh_sink out, bh_error* err) {
    (void)call, (void)what;
    return say(self, out, err);
}
static bh_status none(bh_instance* self, const bh_call* call, bh_str what, bh_error* err) {
    (void)self, (void)call, (void)what, (void)err;
    return BH_OK;
}
static bh_status power(bh_instance* self, const bh_call* call, bh_str vm, uint32_t action, bh_error* err) {
    (void)action;
    return none(self, call, vm, err);
}
static bh_status resize(bh_instance* self, const bh_call* call, bh_str volume, uint64_t size_bytes, bh_error* err) {
    (void)size_bytes;
    return none(self, call, volume, err);
}
static bh_status stats(bh_instance* self, bh_str vm, bh_vm_stats* out, bh_error* err) {
    (void)self, (void)vm, (void)out, (void)err;
    return BH_OK;
}
static const bh_hypervisor hypervisor = {sizeof(bh_hypervisor), 0, describe, make, none, power, get, get, stats};
static const bh_storage storage = {sizeof(bh_storage), 0, describe, describe, make, make, resize, none, get};
static const bh_ipv6 ipv6 = {sizeof(bh_ipv6), 0, describe, make, make, none, get};

static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    (void)config, (void)err;
    the_instance.kernel = kernel;
    *out = &the_instance;
    return BH_OK;
}
static const void* query(const char* id) {
    if (strcmp(id, BH_HYPERVISOR) == 0) return &hypervisor;
    if (strcmp(id, BH_STORAGE) == 0) return &storage;
    return strcmp(id, BH_IPV6) == 0 ? &ipv6 : NULL;
}
PLAIN_PLUGIN("org.blockhost.test-liar")
