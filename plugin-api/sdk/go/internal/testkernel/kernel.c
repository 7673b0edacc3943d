#include "kernel.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Weak: the plugin is linked beside this package, not into it. */
__attribute__((weak)) const bh_plugin* bh_plugin_entry_v0(const bh_entry_args* args, bh_error* err);

char test_log[4096], test_checkpoint[4096], test_stage[64];
size_t test_checkpoint_size;
uint32_t test_permille;
uint8_t* test_lent;

static bh_str str(const char* text) { return (bh_str){text, strlen(text)}; }

static bh_status keep(void* ctx, const void* data, size_t size) {
    test_answer* answer = ctx;
    if (answer->size + size >= sizeof answer->text) return BH_E_EXHAUSTED;
    memcpy(answer->text + answer->size, data, size);
    answer->size += size;
    return BH_OK;
}
bh_sink test_sink(test_answer* answer) { return (bh_sink){answer, keep}; }
static bh_status refuse_all(void* ctx, const void* data, size_t size) { return BH_E_EXHAUSTED; }

void test_finish(test_answer* answer, bh_status status, const bh_error* error) {
    answer->status = status;
    memcpy(answer->reason, error->reason, sizeof answer->reason);
    memcpy(answer->message, error->message, sizeof answer->message);
    answer->retry_after_ms = error->retry_after_ms;
}

/* Services. The store has one key. */
static char store_key[64], store_value[256];
static size_t store_size;
static void log_write(const bh_kernel* kernel, uint32_t level, bh_str trace, bh_str message) {
    strncat(test_log, message.ptr, message.len);
}
static bh_status store_get(const bh_kernel* kernel, bh_str key, bh_sink value, bh_error* err) {
    if (key.len != strlen(store_key) || memcmp(key.ptr, store_key, key.len) != 0) return err->code = BH_E_NOT_FOUND;
    return value.write(value.ctx, store_value, store_size);
}
static bh_status store_put(const bh_kernel* kernel, const bh_str* keys, const bh_bytes* values, uint32_t count,
                           bh_error* err) {
    if (count != 1) return err->code = BH_E_EXHAUSTED;
    memcpy(store_key, keys->ptr, keys->len);
    store_key[keys->len] = 0;
    memcpy(store_value, values->ptr, values->len);
    store_size = values->len;
    return BH_OK;
}
static bh_status store_list(const bh_kernel* kernel, bh_str prefix, bh_str page, bh_sink out, bh_error* err) {
    const char* answer = page.len == 0 ? "{\"keys\":[\"a\"],\"next\":\"2\"}" : "{\"keys\":[\"b\"]}";
    return out.write(out.ctx, answer, strlen(answer));
}
static bh_status secret_with(const bh_kernel* kernel, const char* name, bh_status (*use)(void*, bh_bytes), void* user,
                             bh_error* err) {
    if (strcmp(name, "token") != 0) return err->code = BH_E_DENIED;
    static uint8_t secret[] = "canary";
    test_lent = secret;
    memcpy(secret, "canary", 6);
    const bh_status status = use(user, (bh_bytes){secret, 6});
    memset(secret, 0, sizeof secret);
    return status;
}
static bh_status sign(const bh_kernel* kernel, const char* key, const char* scheme, bh_bytes payload, bh_sink out,
                      bh_error* err) {
    const bh_status status = out.write(out.ctx, scheme, strlen(scheme));
    return status != BH_OK ? status : out.write(out.ctx, payload.ptr, payload.len);
}
static bh_status public_key(const bh_kernel* kernel, const char* key, bh_sink out, bh_error* err) {
    return out.write(out.ctx, key, strlen(key));
}
static bh_status unseal(const bh_kernel* kernel, const char* key, const char* format, bh_bytes sealed, bh_bytes context,
                        bh_sink out, bh_error* err) {
    for (size_t i = sealed.len; i-- > 0;) {
        const bh_status status = out.write(out.ctx, sealed.ptr + i, 1);
        if (status != BH_OK) return status;
    }
    return BH_OK;
}
static bh_status tcp(const bh_kernel* kernel, bh_str host, uint16_t port, uint64_t deadline, int32_t* fd,
                     bh_error* err) {
    int both[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, both) != 0) return BH_E_UNAVAILABLE;
    (void)!write(both[1], "hello", 5);
    close(both[1]);
    *fd = both[0];
    return BH_OK;
}
int test_wakes;
static void poll_now(const bh_kernel* kernel) { ++test_wakes; }
static const bh_svc_wake wake_table = {sizeof wake_table, 0, poll_now};
static const bh_svc_log log_table = {sizeof log_table, 0, log_write};
static const bh_svc_store store_table = {sizeof store_table, 0, store_get, store_put, store_list};
static const bh_svc_secrets secrets_table = {sizeof secrets_table, 0, secret_with};
static const bh_svc_signer signer_table = {sizeof signer_table, 0, sign, public_key, unseal};
static const bh_svc_connect connect_table = {sizeof connect_table, 0, tcp};

static const void* service(const bh_kernel* kernel, const char* id) {
    if (kernel->ctx == NULL) return NULL;
    if (strcmp(id, BH_SVC_LOG) == 0) return &log_table;
    if (strcmp(id, BH_SVC_STORE) == 0) return &store_table;
    if (strcmp(id, BH_SVC_SECRETS) == 0) return &secrets_table;
    if (strcmp(id, BH_SVC_SIGNER) == 0) return &signer_table;
    if (strcmp(id, BH_SVC_CONNECT) == 0) return &connect_table;
    if (strcmp(id, BH_SVC_WAKE) == 0) return &wake_table;
    return NULL;
}

const bh_plugin* test_entry(uint32_t draft, test_answer* answer) {
    const bh_entry_args args = {sizeof args, BH_ABI_MINOR, draft, 0, str("0.0.0")};
    bh_error error = {.struct_size = sizeof error};
    const bh_plugin* plugin = bh_plugin_entry_v0(&args, &error);
    test_finish(answer, error.code, &error);
    return plugin;
}
bh_instance* test_create(const bh_plugin* plugin, const char* config, int services, test_answer* answer) {
    bh_kernel* kernel = calloc(1, sizeof *kernel); /* as long as the process: an instance may hold it */
    *kernel = (bh_kernel){sizeof *kernel, BH_ABI_MINOR, services ? test_log : NULL, str("test"), service};
    bh_instance* self = NULL;
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, plugin->create(kernel, str(config), &self, &error), &error);
    return self;
}
void test_quiesce(const bh_plugin* plugin, bh_instance* self, test_answer* answer) {
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, plugin->quiesce(self, 0, &error), &error);
}
void test_destroy(const bh_plugin* plugin, bh_instance* self) { plugin->destroy(self); }
void test_health(const bh_plugin* plugin, bh_instance* self, test_answer* answer) {
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, plugin->health(self, (bh_sink){answer, keep}, &error), &error);
}
void test_check(const bh_plugin* plugin, const char* config, test_answer* answer) {
    const bh_kernel kernel = {sizeof kernel, BH_ABI_MINOR, NULL, str("test"), service};
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, plugin->check(&kernel, str(config), 0, (bh_sink){answer, keep}, &error), &error);
}
int test_offers(const bh_plugin* plugin, const char* id) { return plugin->query(id) != NULL; }

/* A call's context. */
typedef struct test_call {
    bh_call call;
    int fds[2];
    uint32_t reason, given;
} test_call;
static int32_t cancelled(const bh_call* call) {
    return __atomic_load_n(&((test_call*)call->ctx)->given, __ATOMIC_ACQUIRE) != 0;
}
static uint32_t cancel_reason(const bh_call* call) {
    return __atomic_load_n(&((test_call*)call->ctx)->given, __ATOMIC_ACQUIRE);
}
static void progress(const bh_call* call, uint32_t permille, bh_str stage) {
    test_permille = permille;
    memcpy(test_stage, stage.ptr, stage.len);
    test_stage[stage.len] = 0;
}
static bh_status save(const bh_call* call, bh_bytes checkpoint, bh_error* err) {
    if (checkpoint.len > sizeof test_checkpoint) return err->code = BH_E_EXHAUSTED;
    memcpy(test_checkpoint, checkpoint.ptr, checkpoint.len);
    test_checkpoint_size = checkpoint.len;
    return BH_OK;
}
static void* cancel_soon(void* ctx) {
    test_call* t = ctx;
    const struct timespec moment = {0, 20000000};
    nanosleep(&moment, NULL);
    __atomic_store_n(&t->given, t->reason, __ATOMIC_RELEASE);
    (void)!write(t->fds[1], "x", 1);
    return NULL;
}

void test_volume_create(const bh_plugin* plugin, bh_instance* self, const char* op_id, const char* spec,
                        uint32_t reason, int refuse, int no_error, test_answer* answer) {
    const bh_storage* storage = plugin->query(BH_STORAGE);
    test_call t = {.reason = reason};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, t.fds) != 0) abort();
    t.call = (bh_call){sizeof t.call,
                       1,
                       str(op_id),
                       str("trace"),
                       {(uint8_t*)test_checkpoint, test_checkpoint_size},
                       0,
                       t.fds[0],
                       0,
                       &t,
                       cancelled,
                       cancel_reason,
                       progress,
                       save};
    pthread_t canceller;
    if (reason != 0) pthread_create(&canceller, NULL, cancel_soon, &t);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer,
                storage->volume_create(self, &t.call, str(spec), (bh_sink){answer, refuse ? refuse_all : keep},
                                       no_error ? NULL : &error),
                &error);
    if (reason != 0) pthread_join(canceller, NULL);
    close(t.fds[0]);
    close(t.fds[1]);
}
void test_volume_resize(const bh_plugin* plugin, bh_instance* self, const char* volume, uint64_t size,
                        test_answer* answer) {
    const bh_storage* storage = plugin->query(BH_STORAGE);
    test_call t = {0};
    t.call = (bh_call){sizeof t.call, 1,        str("op"), str("trace"), {NULL, 0}, 0, -1, 0, &t, cancelled,
                       cancel_reason, progress, save};
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, storage->volume_resize(self, &t.call, str(volume), size, &error), &error);
}
void test_volume_list(const bh_plugin* plugin, bh_instance* self, const char* page, test_answer* answer) {
    const bh_storage* storage = plugin->query(BH_STORAGE);
    bh_error error = {.struct_size = sizeof error};
    test_finish(answer, storage->volume_list(self, str(page), (bh_sink){answer, keep}, &error), &error);
}
