/* A provider of IPv6 prefixes in C, with nothing but the headers of the ABI and the C library: /64 prefixes out of a
 * pool that the operator owns, kept in the kernel's store, one key a delegation. README.md walks through it.
 *
 * Store key "d/OP_ID" -> "NUMBER\nTAGS": the number of the prefix in the pool, and the tags of the request as JSON. */
#include <blockhost/blockhost.h>

#include "json.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_SIZE = 256, MAX_ROW = 4096, ID_SIZE = 65 };

struct bh_instance {
    const bh_kernel* kernel;
    const bh_svc_store* store;
    struct in6_addr pool; /* a /56 */
    pthread_mutex_t lock; /* one delegation is looked for and made at a time */
    int stopped;
};

typedef struct row {
    char op_id[ID_SIZE];
    unsigned number;
    char tags[MAX_ROW];
} row;

static bh_str str(const char* text) {
    bh_str out = {text, strlen(text)};
    return out;
}

static bh_status fail(bh_error* err, bh_status code, const char* reason, const char* message) {
    if (err != NULL) {
        err->code = code;
        err->retry_after_ms = 0;
        snprintf(err->reason, sizeof err->reason, "%s", reason);
        snprintf(err->message, sizeof err->message, "%s", message);
    }
    return code;
}

static bh_status put(bh_sink out, const char* text) { return out.write(out.ctx, text, strlen(text)); }

/* ---- the store ---- */

typedef struct buffer {
    char text[MAX_ROW];
    size_t size;
} buffer;

static bh_status take(void* ctx, const void* data, size_t size) {
    buffer* into = (buffer*)ctx;
    if (size >= sizeof into->text - into->size) return BH_E_EXHAUSTED;
    memcpy(into->text + into->size, data, size);
    into->size += size;
    into->text[into->size] = '\0';
    return BH_OK;
}

static bh_status key_of(char (*key)[ID_SIZE + 2], const char* op_id, bh_error* err) {
    const size_t size = strspn(op_id, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (size == 0 || size >= ID_SIZE || op_id[size] != '\0')
        return fail(err, BH_E_NOT_FOUND, "no_delegation", "there is no delegation of that id");
    snprintf(*key, sizeof *key, "d/%s", op_id);
    return BH_OK;
}

static bh_status read_row(const bh_instance* self, const char* op_id, row* out, bh_error* err) {
    char key[ID_SIZE + 2];
    buffer value = {"", 0};
    bh_sink sink = {&value, take};
    bh_status status = key_of(&key, op_id, err);
    if (status == BH_OK) status = self->store->get(self->kernel, str(key), sink, err);
    if (status != BH_OK) {
        return status == BH_E_NOT_FOUND ? fail(err, status, "no_delegation", "there is no delegation of that id")
                                        : status;
    }
    const char* end = strchr(value.text, '\n');
    if (end == NULL) return fail(err, BH_E_CORRUPT, "row", "a delegation in the store is damaged");
    snprintf(out->op_id, sizeof out->op_id, "%s", op_id);
    out->number = (unsigned)strtoul(value.text, NULL, 10);
    snprintf(out->tags, sizeof out->tags, "%s", end + 1);
    return BH_OK;
}

static bh_status write_row(const bh_instance* self, const row* r, bh_error* err) {
    char key[ID_SIZE + 2], text[MAX_ROW + 16];
    bh_status status = key_of(&key, r->op_id, err);
    if (status != BH_OK) return status;
    snprintf(text, sizeof text, "%u\n%s", r->number, r->tags);
    bh_str name = str(key);
    bh_bytes value = {(const uint8_t*)text, strlen(text)};
    return self->store->put(self->kernel, &name, &value, 1, err);
}

static bh_status remove_row(const bh_instance* self, const char* op_id, bh_error* err) {
    char key[ID_SIZE + 2];
    if (key_of(&key, op_id, NULL) != BH_OK) return BH_OK; /* no id of ours: gone already */
    bh_str name = str(key);
    bh_bytes nothing = {NULL, 0};
    return self->store->put(self->kernel, &name, &nothing, 1, err);
}

/* All op_ids of the store, in their order; at most POOL_SIZE, because there are no more prefixes. */
static bh_status list_ids(const bh_instance* self, char (*ids)[ID_SIZE], size_t* count, bh_error* err) {
    char next[MAX_ROW] = "";
    *count = 0;
    do {
        buffer page = {"", 0};
        bh_sink sink = {&page, take};
        bh_status status = self->store->list(self->kernel, str("d/"), str(next), sink, err);
        if (status != BH_OK) return status;
        json_value object = json_parse(page.text, page.size), keys = json_get(object, "keys"), key;
        for (size_t i = 0; json_at(keys, i, &key) && *count < POOL_SIZE; ++i) {
            char text[ID_SIZE + 2];
            if (json_text(key, text, sizeof text)) snprintf(ids[(*count)++], ID_SIZE, "%s", text + 2);
        }
        if (!json_text(json_get(object, "next"), next, sizeof next)) next[0] = '\0';
    } while (next[0] != '\0');
    return BH_OK;
}

/* ---- documents ---- */

/* delegation.json, written as text: the tags are those of the request, passed on as they came. */
static bh_status write_delegation(const bh_instance* self, const row* r, bh_sink out) {
    struct in6_addr prefix = self->pool;
    char address[INET6_ADDRSTRLEN], text[MAX_ROW + 512];
    prefix.s6_addr[7] = (uint8_t)r->number;
    inet_ntop(AF_INET6, &prefix, address, sizeof address);
    snprintf(text, sizeof text,
             "{\"delegation\":\"%s\",\"created_by\":\"%s\",\"instance\":\"%.*s\",\"prefix\":\"%s/"
             "64\",\"mode\":\"routed\"%s%s}",
             r->op_id, r->op_id, (int)self->kernel->instance.len, self->kernel->instance.ptr, address,
             r->tags[0] != '\0' ? ",\"tags\":" : "", r->tags);
    return put(out, text);
}

/* Verbs are given the id of a delegation, or the whole document about it. */
static void id_of(bh_str text, char (*id)[ID_SIZE]) {
    (*id)[0] = '\0';
    if (text.len > 0 && text.ptr[0] == '{') {
        (void)json_text(json_get(json_parse(text.ptr, text.len), "delegation"), *id, sizeof *id);
    } else if (text.len < sizeof *id) {
        snprintf(*id, sizeof *id, "%.*s", (int)text.len, text.ptr != NULL ? text.ptr : "");
    }
}

/* ---- the verbs of bh.ipv6/1 ---- */

static bh_status begin(bh_instance* self, bh_error* err) {
    pthread_mutex_lock(&self->lock);
    if (!self->stopped) return BH_OK;
    pthread_mutex_unlock(&self->lock);
    return fail(err, BH_E_INTERRUPTED, "quiesced", "the instance stops");
}
static bh_status end(bh_instance* self, bh_status status) {
    pthread_mutex_unlock(&self->lock);
    return status;
}

static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) {
    const bh_status status = begin(self, err);
    return status != BH_OK ? status : end(self, put(out, "{\"prefix_lengths\":[64]}"));
}

/* What to return when the kernel wants the call to stop, before anything was made; BH_OK: go on. */
static bh_status stopped(const bh_call* call, bh_error* err) {
    if (!call->cancelled(call)) return BH_OK;
    switch (call->cancel_reason(call)) {
        case BH_CANCEL_ORDER:
            return fail(err, BH_E_CANCELLED, "cancelled", "the order was cancelled; nothing was made");
        case BH_CANCEL_DEADLINE:
            return fail(err, BH_E_TIMEOUT, "deadline", "the time is over; nothing was made");
        default:
            return fail(err, BH_E_INTERRUPTED, "shutdown", "the kernel stops; nothing was made yet");
    }
}

/* A number that no other delegation has, or BH_E_EXHAUSTED. */
static bh_status free_number(const bh_instance* self, unsigned* number, bh_error* err) {
    static const char full[] = "all prefixes of the pool are delegated; release one or configure another pool";
    char(*ids)[ID_SIZE] = (char(*)[ID_SIZE])calloc(POOL_SIZE, ID_SIZE);
    unsigned char used[POOL_SIZE] = {0};
    size_t count = 0;
    row other;
    if (ids == NULL) return fail(err, BH_E_INTERNAL, "no_memory", "out of memory");
    bh_status status = list_ids(self, ids, &count, err);
    for (size_t i = 0; status == BH_OK && i < count; ++i) {
        status = read_row(self, ids[i], &other, err);
        if (status == BH_OK && other.number < POOL_SIZE) used[other.number] = 1;
    }
    free(ids);
    if (status != BH_OK) return status;
    for (*number = 0; *number < POOL_SIZE; ++*number)
        if (!used[*number]) return BH_OK;
    return fail(err, BH_E_EXHAUSTED, "pool_full", full);
}

/* The tags as they came, and whether the wanted length is one that there is. */
static bh_status read_request(bh_str text, row* wanted, bh_error* err) {
    const json_value request = json_parse(text.ptr, text.len), tags = json_get(request, "tags");
    unsigned long length = 0;
    if (!json_is_object(request))
        return fail(err, BH_E_INVALID, "bad_document", "request: is not a JSON object of depth 16 and 1 MiB at most");
    if (!json_number(json_get(request, "prefix_length"), &length) || (length != 0 && length != 64))
        return fail(err, BH_E_INVALID, "prefix_length", "request: /prefix_length must be 64, or 0 for what there is");
    if ((tags.size != 0 && !json_is_object(tags)) || tags.size >= sizeof wanted->tags)
        return fail(err, BH_E_INVALID, "tags", "request: /tags must be an object of 4 KiB at most");
    snprintf(wanted->tags, sizeof wanted->tags, "%.*s", (int)tags.size, tags.size != 0 ? tags.text : "");
    return BH_OK;
}

/* Looks for the op_id first, at every attempt: that is the whole secret of making nothing twice. The row is one key,
 * so it is there or it is not, and there is nothing to save(). */
static bh_status acquire(bh_instance* self, const bh_call* call, bh_str request, bh_sink out, bh_error* err) {
    row wanted, known;
    bh_status status = read_request(request, &wanted, err);
    if (status != BH_OK) return status;
    snprintf(wanted.op_id, sizeof wanted.op_id, "%.*s", (int)call->op_id.len, call->op_id.ptr);
    status = read_row(self, wanted.op_id, &known, err);
    if (status == BH_OK) {
        if (strcmp(known.tags, wanted.tags) != 0)
            return fail(err, BH_E_CONFLICT, "other_request", "this op_id has a delegation for another request");
        return write_delegation(self, &known, out);
    }
    if (status != BH_E_NOT_FOUND) return status;
    status = stopped(call, err);
    if (status == BH_OK) status = free_number(self, &wanted.number, err);
    if (status == BH_OK) status = write_row(self, &wanted, err);
    return status == BH_OK ? write_delegation(self, &wanted, out) : status;
}

static bh_status delegation_acquire(bh_instance* self, const bh_call* call, bh_str request, bh_sink out,
                                    bh_error* err) {
    const bh_status status = begin(self, err);
    return status != BH_OK ? status : end(self, acquire(self, call, request, out, err));
}

static bh_status delegation_renew(bh_instance* self, const bh_call* call, bh_str delegation, bh_sink out,
                                  bh_error* err) {
    char id[ID_SIZE];
    row known;
    (void)call;
    bh_status status = begin(self, err);
    if (status != BH_OK) return status;
    id_of(delegation, &id);
    status = read_row(self, id, &known, err);
    return end(self, status == BH_OK ? write_delegation(self, &known, out) : status);
}

static bh_status delegation_release(bh_instance* self, const bh_call* call, bh_str delegation, bh_error* err) {
    char id[ID_SIZE];
    (void)call;
    const bh_status status = begin(self, err);
    if (status != BH_OK) return status;
    id_of(delegation, &id);
    return end(self, remove_row(self, id, err));
}

static bh_status list(const bh_instance* self, bh_sink out, bh_error* err) {
    char(*ids)[ID_SIZE] = (char(*)[ID_SIZE])calloc(POOL_SIZE, ID_SIZE);
    size_t count = 0;
    row known;
    if (ids == NULL) return fail(err, BH_E_INTERNAL, "no_memory", "out of memory");
    bh_status status = list_ids(self, ids, &count, err);
    if (status == BH_OK) status = put(out, "{\"delegations\":[");
    for (size_t i = 0; status == BH_OK && i < count; ++i) {
        status = read_row(self, ids[i], &known, err);
        if (status == BH_OK && i > 0) status = put(out, ",");
        if (status == BH_OK) status = write_delegation(self, &known, out);
    }
    free(ids);
    return status == BH_OK ? put(out, "]}") : status;
}

/* One page holds all. */
static bh_status delegation_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) {
    bh_status status = begin(self, err);
    if (status != BH_OK) return status;
    if (page.len != 0)
        return end(self, fail(err, BH_E_INVALID, "bad_page", "there is one page only: its token is empty"));
    return end(self, list(self, out, err));
}

/* ---- the plugin ---- */

/* The pool of a configuration: a /56 without bits behind it. */
static bh_status read_pool(bh_str config, struct in6_addr* pool, bh_error* err) {
    char text[64];
    if (!json_text(json_get(json_parse(config.ptr, config.len), "pool"), text, sizeof text))
        return fail(err, BH_E_INVALID, "pool", "/pool: is missing; give a prefix such as 2001:db8:1::/56");
    char* slash = strchr(text, '/');
    if (slash != NULL) *slash = '\0';
    if (slash == NULL || strcmp(slash + 1, "56") != 0 || inet_pton(AF_INET6, text, pool) != 1)
        return fail(err, BH_E_INVALID, "pool", "/pool: must be an IPv6 prefix with the length 56");
    for (int i = 7; i < 16; ++i)
        if (pool->s6_addr[i] != 0) return fail(err, BH_E_INVALID, "pool", "/pool: has bits behind its length");
    return BH_OK;
}

static bh_status check(const bh_kernel* kernel, bh_str config, uint64_t deadline_ns, bh_sink findings, bh_error* err) {
    struct in6_addr pool;
    bh_error why = {0};
    char text[1024];
    (void)kernel, (void)deadline_ns, (void)err;
    why.struct_size = sizeof why;
    if (read_pool(config, &pool, &why) == BH_OK) return put(findings, "{\"findings\":[]}");
    snprintf(
        text, sizeof text,
        "{\"findings\":[{\"field\":\"/pool\",\"severity\":\"error\",\"message\":\"%s\",\"remedy\":\"correct it\"}]}",
        why.message);
    return put(findings, text);
}

static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    struct in6_addr pool;
    const bh_svc_store* store = (const bh_svc_store*)kernel->service(kernel, BH_SVC_STORE);
    if (store == NULL) return fail(err, BH_E_DENIED, "not_granted", "the service bh.svc.store/1 is not granted");
    const bh_status status = read_pool(config, &pool, err);
    if (status != BH_OK) return status;
    bh_instance* self = (bh_instance*)calloc(1, sizeof *self);
    if (self == NULL) return fail(err, BH_E_INTERNAL, "no_memory", "out of memory");
    self->kernel = kernel;
    self->store = store;
    self->pool = pool;
    pthread_mutex_init(&self->lock, NULL);
    *out = self;
    return BH_OK;
}

static bh_status quiesce(bh_instance* self, uint64_t deadline_ns, bh_error* err) {
    (void)deadline_ns, (void)err;
    pthread_mutex_lock(&self->lock);
    self->stopped = 1;
    pthread_mutex_unlock(&self->lock);
    return BH_OK;
}

static void destroy(bh_instance* self) {
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static bh_status health(bh_instance* self, bh_sink detail_json, bh_error* err) {
    (void)self, (void)err;
    return put(detail_json, "{\"findings\":[]}");
}

static const bh_ipv6 ipv6 = {sizeof ipv6,    0, describe, delegation_acquire, delegation_renew, delegation_release,
                             delegation_list};

static const void* query(const char* id) { return strcmp(id, BH_IPV6) == 0 ? &ipv6 : NULL; }

#define TEXT(literal) {literal, sizeof literal - 1}
static const bh_plugin plugin = {sizeof plugin, BH_ABI_MINOR, BH_ABI_DRAFT, 0,       TEXT("org.example.ipv6-pool"),
                                 TEXT("1.0.0"), check,        create,       quiesce, destroy,
                                 health,        query};

const bh_plugin* bh_plugin_entry_v0(const bh_entry_args* args, bh_error* err) {
    if (args->abi_draft == BH_ABI_DRAFT) return &plugin;
    (void)fail(err, BH_E_UNSUPPORTED, "other_draft", "the plugin was built for another draft of the ABI: rebuild it");
    return NULL;
}
