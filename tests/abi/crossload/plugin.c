/* A plugin that is compiled with the headers of each generation (BH_ADDED: the newer one), offers every interface and
 * says what it sees of the other side. Only what BH_HAS() finds is touched. */
#include <blockhost/blockhost.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef BH_ADDED
#define GENERATION "next"
#else
#define GENERATION "frozen"
#endif

struct bh_instance {
    const bh_kernel* kernel;
};

static bh_str text_of(const char* text) {
    bh_str str;
    str.ptr = text;
    str.len = strlen(text);
    return str;
}

static bh_status say(bh_sink out, const char* text) { return out.write(out.ctx, text, strlen(text)); }

static bh_status fail(bh_error* err, bh_status code, const char* reason) {
    if (err != NULL) {
        err->code = code;
        snprintf(err->reason, sizeof err->reason, "%s", reason);
        snprintf(err->message, sizeof err->message, "on purpose");
#ifdef BH_ADDED
        if (BH_HAS(err, bh_error, added)) err->added = 9;
#endif
    }
    return code;
}

/* What a function wrote, for the words of the plugin. */
struct words {
    char text[128];
    size_t size;
};
#ifdef BH_ADDED
static bh_status keep(void* ctx, const void* data, size_t size) {
    struct words* words = ctx;
    if (size >= sizeof words->text - words->size) return BH_E_EXHAUSTED;
    memcpy(words->text + words->size, data, size);
    words->size += size;
    words->text[words->size] = '\0';
    return BH_OK;
}
static bh_sink sink_of(struct words* words) {
    bh_sink sink;
    memset(words, 0, sizeof *words);
    sink.ctx = words;
    sink.write = keep;
    return sink;
}
#endif

static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) {
    char text[160];
    (void)err;
    snprintf(text, sizeof text, "plugin=" GENERATION " kernel_minor=%u instance=%.*s", self->kernel->abi_minor,
             (int)self->kernel->instance.len, self->kernel->instance.ptr);
    return say(out, text);
}

#define SERVICE_LINE 40
/* "store=0", and of the newer generation "store.added=kernel" or "store.added=absent". */
static void use_store(const bh_kernel* kernel, char* line) {
    const bh_svc_store* store = kernel->service(kernel, BH_SVC_STORE);
    const bh_str key = text_of("key");
    bh_bytes value;
    bh_error err;
    memset(&err, 0, sizeof err);
    err.struct_size = sizeof err;
    value.ptr = (const uint8_t*)"value";
    value.len = 5;
    sprintf(line, "store=%d", store == NULL ? -99 : (int)store->put(kernel, &key, &value, 1, &err));
}
static const char* added_of_store(const bh_kernel* kernel, struct words* words) {
#ifdef BH_ADDED
    const bh_svc_store* store = kernel->service(kernel, BH_SVC_STORE);
    const bh_sink out = sink_of(words);
    bh_error err;
    memset(&err, 0, sizeof err);
    err.struct_size = sizeof err;
    if (store == NULL || !BH_HAS(store, bh_svc_store, added)) return "absent";
    return store->added(kernel, text_of("plugin"), out, &err) == BH_OK ? words->text : "failed";
#else
    (void)kernel, (void)words;
    return "unknown";
#endif
}
static const char* added_of_call(const bh_call* call, struct words* words) {
#ifdef BH_ADDED
    const bh_sink out = sink_of(words);
    bh_error err;
    memset(&err, 0, sizeof err);
    err.struct_size = sizeof err;
    if (!BH_HAS(call, bh_call, added)) return "absent";
    return call->added(call, text_of("plugin"), out, &err) == BH_OK ? words->text : "failed";
#else
    (void)call, (void)words;
    return "unknown";
#endif
}

static bh_status vm_create(bh_instance* self, const bh_call* call, bh_str spec, bh_sink out, bh_error* err) {
    char text[512], store[SERVICE_LINE];
    struct words of_call, of_store;
    bh_bytes blob;
    bh_status saved;
    blob.ptr = (const uint8_t*)"point";
    blob.len = 5;
    call->progress(call, 500, text_of("half"));
    saved = call->save(call, blob, err);
    use_store(self->kernel, store);
    snprintf(text, sizeof text, "op=%.*s attempt=%u spec=%.*s cancelled=%d saved=%d %s call.added=%s store.added=%s",
             (int)call->op_id.len, call->op_id.ptr, call->attempt, (int)spec.len, spec.ptr, (int)call->cancelled(call),
             (int)saved, store, added_of_call(call, &of_call), added_of_store(self->kernel, &of_store));
    return say(out, text);
}

static bh_status vm_get(bh_instance* self, bh_str vm, bh_sink out, bh_error* err) {
    (void)self, (void)vm, (void)out;
    return fail(err, BH_E_NOT_FOUND, "no_vm");
}

static bh_status vm_stats(bh_instance* self, bh_str vm, bh_vm_stats* out, bh_error* err) {
    bh_vm_stats stats;
    (void)self, (void)vm, (void)err;
    memset(&stats, 0, sizeof stats);
    stats.struct_size = out->struct_size < sizeof stats ? out->struct_size : (uint32_t)sizeof stats;
    stats.state = BH_VM_RUNNING;
    stats.net_tx_bytes = 77;
#ifdef BH_ADDED
    stats.added = 42;
#endif
    memcpy(out, &stats, stats.struct_size);
    return BH_OK;
}

#ifdef BH_ADDED
static bh_status added(bh_instance* self, bh_str text, bh_sink out, bh_error* err) {
    (void)self, (void)err;
    return out.write(out.ctx, text.ptr, text.len);
}
#define WITH_ADDED(table) table.added = added
#else
#define WITH_ADDED(table) (void)0
#endif

/* The rest of each table is empty: nobody calls it here. */
#define OFFER(type, id)                   \
    if (strcmp(wanted, id) == 0) {        \
        static type table;                \
        table.struct_size = sizeof table; \
        WITH_ADDED(table);                \
        return &table;                    \
    }

static const void* query(const char* wanted) {
    if (strcmp(wanted, BH_HYPERVISOR) == 0) {
        static bh_hypervisor table;
        table.struct_size = sizeof table;
        table.describe = describe;
        table.vm_create = vm_create;
        table.vm_get = vm_get;
        table.vm_stats = vm_stats;
        WITH_ADDED(table);
        return &table;
    }
    OFFER(bh_chain, BH_CHAIN)
    OFFER(bh_ipv6, BH_IPV6)
    OFFER(bh_storage, BH_STORAGE)
    OFFER(bh_chain_contract, BH_CHAIN_CONTRACT)
    OFFER(bh_hypervisor_console, BH_HYPERVISOR_CONSOLE)
    OFFER(bh_hypervisor_guest, BH_HYPERVISOR_GUEST)
    OFFER(bh_hypervisor_reinstall, BH_HYPERVISOR_REINSTALL)
    OFFER(bh_hypervisor_resize, BH_HYPERVISOR_RESIZE)
    OFFER(bh_hypervisor_snapshot, BH_HYPERVISOR_SNAPSHOT)
#ifdef BH_ADDED
    OFFER(bh_hypervisor_added, BH_ADDED)
#endif
    return NULL;
}

static bh_status check(const bh_kernel* kernel, bh_str config, uint64_t deadline_ns, bh_sink findings, bh_error* err) {
    (void)kernel, (void)config, (void)deadline_ns, (void)err;
    return say(findings, "[]");
}
static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    bh_instance* self = malloc(sizeof *self);
    (void)config;
    if (self == NULL) return fail(err, BH_E_INTERNAL, "no_memory");
    self->kernel = kernel;
    *out = self;
    return BH_OK;
}
static bh_status quiesce(bh_instance* self, uint64_t deadline_ns, bh_error* err) {
    (void)self, (void)deadline_ns, (void)err;
    return BH_OK;
}
static void destroy(bh_instance* self) { free(self); }
static bh_status health(bh_instance* self, bh_sink detail, bh_error* err) {
    (void)self, (void)err;
    return say(detail, "{}");
}

BH_EXPORT const bh_plugin* bh_plugin_entry_v0(const bh_entry_args* args, bh_error* err) {
    static bh_plugin plugin;
    (void)err;
    if (args->abi_draft != BH_ABI_DRAFT) return NULL;
    plugin.struct_size = sizeof plugin;
    plugin.abi_minor = BH_ABI_MINOR;
    plugin.abi_draft = BH_ABI_DRAFT;
    plugin.id = text_of("org.blockhost.crossload");
    plugin.version = text_of("1.0.0");
    plugin.check = check;
    plugin.create = create;
    plugin.quiesce = quiesce;
    plugin.destroy = destroy;
    plugin.health = health;
    plugin.query = query;
    WITH_ADDED(plugin);
    return &plugin;
}
