/* The kernel's side of the ABI, callable from Go. */
#include "_cgo_export.h"
#include "bridge.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_OUTPUT ((size_t)2 << 20)

static void wipe(void* data, size_t size) {
    volatile uint8_t* at = data;
    while (size-- > 0) *at++ = 0;
}

static bh_status keep(void* ctx, const void* data, size_t size) {
    bhgo_buffer* buffer = ctx;
    if (size > MOST_OUTPUT - buffer->size) return BH_E_EXHAUSTED;
    if (buffer->size + size > buffer->room) {
        /* Not realloc(): what is left behind may be a secret. */
        const size_t room = (buffer->size + size) * 2;
        uint8_t* larger = malloc(room);
        if (larger == NULL) return BH_E_EXHAUSTED;
        if (buffer->size > 0) memcpy(larger, buffer->data, buffer->size);
        if (buffer->data != NULL) wipe(buffer->data, buffer->size);
        free(buffer->data);
        buffer->data = larger;
        buffer->room = room;
    }
    if (size > 0) memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    return BH_OK;
}
static bh_sink sink_of(bhgo_buffer* buffer) { return (bh_sink){buffer, keep}; }

void bhgo_buffer_wipe(bhgo_buffer* buffer) {
    if (buffer->data != NULL) wipe(buffer->data, buffer->size);
    free(buffer->data);
    *buffer = (bhgo_buffer){0};
}

bh_status bhgo_write(bh_sink out, const void* data, size_t size) { return out.write(out.ctx, data, size); }

uint64_t bhgo_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int bhgo_wait(int fd, int other, uint64_t deadline_ns) {
    for (;;) {
        struct pollfd fds[2] = {{fd, POLLIN, 0}, {other, POLLIN, 0}};
        int patience = -1;
        if (deadline_ns != 0) {
            const uint64_t now = bhgo_now();
            const uint64_t left = deadline_ns > now ? (deadline_ns - now) / 1000000 + 1 : 0;
            patience = left > 1000000 ? 1000000 : (int)left;
        }
        const int ready = poll(fds, 2, patience);
        if (ready < 0 && errno != EINTR) return 0;
        if (ready > 0) return fds[0].revents != 0;
        if (deadline_ns != 0 && bhgo_now() >= deadline_ns) return 0;
    }
}

int32_t bhgo_cancelled(const bh_call* call) { return call->cancelled(call); }
uint32_t bhgo_cancel_reason(const bh_call* call) { return call->cancel_reason(call); }
void bhgo_progress(const bh_call* call, uint32_t permille, bh_str stage) { call->progress(call, permille, stage); }
bh_status bhgo_save(const bh_call* call, bh_bytes checkpoint, bh_error* err) {
    return call->save(call, checkpoint, err);
}

static bh_status absent(const char* id, bh_error* err) {
    err->code = BH_E_DENIED;
    snprintf(err->reason, sizeof err->reason, "not_granted");
    snprintf(err->message, sizeof err->message,
             "the service %s is not granted: list it under \"services\" in plugin.json, and grant it to the instance",
             id);
    return BH_E_DENIED;
}

/* The table of a service in `s`, or the function returns. */
#define SERVICE(type, id)                        \
    const type* s = kernel->service(kernel, id); \
    if (s == NULL) return absent(id, err)

void bhgo_log(const bh_kernel* kernel, uint32_t level, bh_str trace_id, bh_str message) {
    const bh_svc_log* s = kernel->service(kernel, BH_SVC_LOG);
    if (s != NULL && level >= s->min_level) s->write(kernel, level, trace_id, message);
}
void bhgo_poll_now(const bh_kernel* kernel) {
    const bh_svc_wake* s = kernel->service(kernel, BH_SVC_WAKE);
    if (s != NULL) s->poll_now(kernel);
}
bh_status bhgo_store_get(const bh_kernel* kernel, bh_str key, bhgo_buffer* value, bh_error* err) {
    SERVICE(bh_svc_store, BH_SVC_STORE);
    return s->get(kernel, key, sink_of(value), err);
}
bh_status bhgo_store_put(const bh_kernel* kernel, const bh_str* keys, const bh_bytes* values, uint32_t count,
                         bh_error* err) {
    SERVICE(bh_svc_store, BH_SVC_STORE);
    return s->put(kernel, keys, values, count, err);
}
bh_status bhgo_store_list(const bh_kernel* kernel, bh_str prefix, bh_str page, bhgo_buffer* out, bh_error* err) {
    SERVICE(bh_svc_store, BH_SVC_STORE);
    return s->list(kernel, prefix, page, sink_of(out), err);
}
static bh_status lend(void* user, bh_bytes secret) { return bhgoLend((uintptr_t)user, (void*)secret.ptr, secret.len); }
bh_status bhgo_secret(const bh_kernel* kernel, const char* name, uintptr_t loan, bh_error* err) {
    SERVICE(bh_svc_secrets, BH_SVC_SECRETS);
    return s->with(kernel, name, lend, (void*)loan, err);
}
bh_status bhgo_sign(const bh_kernel* kernel, const char* key, const char* scheme, bh_bytes payload,
                    bhgo_buffer* signature, bh_error* err) {
    SERVICE(bh_svc_signer, BH_SVC_SIGNER);
    return s->sign(kernel, key, scheme, payload, sink_of(signature), err);
}
bh_status bhgo_public_key(const bh_kernel* kernel, const char* key, bhgo_buffer* out, bh_error* err) {
    SERVICE(bh_svc_signer, BH_SVC_SIGNER);
    return s->public_key(kernel, key, sink_of(out), err);
}
bh_status bhgo_unseal(const bh_kernel* kernel, const char* key, const char* format, bh_bytes sealed, bh_bytes context,
                      bhgo_buffer* plaintext, bh_error* err) {
    SERVICE(bh_svc_signer, BH_SVC_SIGNER);
    return s->unseal(kernel, key, format, sealed, context, sink_of(plaintext), err);
}
bh_status bhgo_connect(const bh_kernel* kernel, bh_str host, uint16_t port, uint64_t deadline_ns, int32_t* fd,
                       bh_error* err) {
    SERVICE(bh_svc_connect, BH_SVC_CONNECT);
    return s->tcp(kernel, host, port, deadline_ns, fd, err);
}
bh_status bhgo_launch_start(const bh_kernel* kernel, bh_str unit, bh_str spec, const int32_t* fds, uint32_t count,
                            bhgo_buffer* out, bh_error* err) {
    SERVICE(bh_svc_launch, BH_SVC_LAUNCH);
    return s->start(kernel, unit, spec, fds, count, sink_of(out), err);
}
bh_status bhgo_launch_status(const bh_kernel* kernel, bh_str unit, bhgo_buffer* out, bh_error* err) {
    SERVICE(bh_svc_launch, BH_SVC_LAUNCH);
    return s->status(kernel, unit, sink_of(out), err);
}
bh_status bhgo_launch_signal(const bh_kernel* kernel, bh_str unit, int32_t number, bh_error* err) {
    SERVICE(bh_svc_launch, BH_SVC_LAUNCH);
    return s->signal(kernel, unit, number, err);
}
bh_status bhgo_launch_list(const bh_kernel* kernel, bh_str page, bhgo_buffer* out, bh_error* err) {
    SERVICE(bh_svc_launch, BH_SVC_LAUNCH);
    return s->list(kernel, page, sink_of(out), err);
}
bh_status bhgo_launch_run(const bh_kernel* kernel, bh_str request, uint64_t deadline_ns, bhgo_buffer* out,
                          bh_error* err) {
    SERVICE(bh_svc_launch, BH_SVC_LAUNCH);
    return s->run(kernel, request, deadline_ns, sink_of(out), err);
}
bh_status bhgo_chain_read(const bh_kernel* kernel, const char* chain, bh_str request, bh_str at, uint32_t min_agree,
                          bhgo_buffer* out, bh_error* err) {
    SERVICE(bh_svc_chain, BH_SVC_CHAIN);
    return s->read(kernel, chain, request, at, min_agree, sink_of(out), err);
}
bh_status bhgo_chain_logs(const bh_kernel* kernel, const char* chain, bh_str filter, bh_str cursor, uint32_t max,
                          bhgo_buffer* out, bh_error* err) {
    SERVICE(bh_svc_chain, BH_SVC_CHAIN);
    return s->logs(kernel, chain, filter, cursor, max, sink_of(out), err);
}
bh_status bhgo_chain_submit(const bh_kernel* kernel, const bh_call* call, const char* chain, const char* step,
                            bh_str intent, bhgo_buffer* out, bh_error* err) {
    SERVICE(bh_svc_chain, BH_SVC_CHAIN);
    return s->submit(kernel, call, chain, step, intent, sink_of(out), err);
}
