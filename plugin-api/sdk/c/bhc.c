#include "bhc.h"

#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts and answers ---- */

/* Room for `more` bytes and a NUL. */
static int grow(bhc_text* text, size_t more) {
    if (text->failed) return 0;
    if (text->room - text->size > more) return 1;
    const size_t room = (text->size + more + 1) * 2;
    char* data = (char*)realloc(text->data, room);
    if (data == NULL) {
        text->failed = 1;
        return 0;
    }
    text->data = data;
    text->room = room;
    return 1;
}

void bhc_add(bhc_text* text, const char* format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0) {
        text->failed = 1;
    } else if (grow(text, (size_t)size)) {
        (void)vsnprintf(text->data + text->size, (size_t)size + 1, format, again);
        text->size += (size_t)size;
    }
    va_end(again);
}

void bhc_free(bhc_text* text) {
    const bhc_text empty = {NULL, 0, 0, 0};
    free(text->data);
    *text = empty;
}

static bh_status collect(void* ctx, const void* data, size_t size) {
    bhc_text* text = (bhc_text*)ctx;
    if (!grow(text, size)) return BH_E_INTERNAL;
    if (size != 0) memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
    return BH_OK;
}
bh_sink bhc_into(bhc_text* text) {
    const bh_sink sink = {text, collect};
    return sink;
}

bh_str bhc_str(const char* text) {
    const bh_str out = {text, strlen(text)};
    return out;
}

bh_status bhc_fail(bh_error* err, bh_status code, const char* reason, const char* message) {
    if (err != NULL) {
        err->code = code;
        err->retry_after_ms = 0;
        snprintf(err->reason, sizeof err->reason, "%s", reason);
        snprintf(err->message, sizeof err->message, "%s", message);
    }
    return code;
}

bh_status bhc_put(bh_sink out, const char* text) { return out.write(out.ctx, text, strlen(text)); }

bh_status bhc_give(bh_sink out, bhc_text* text, bh_error* err) {
    const bh_status status = text->failed || text->data == NULL
                                 ? bhc_fail(err, BH_E_INTERNAL, "no_memory", "out of memory")
                                 : out.write(out.ctx, text->data, text->size);
    bhc_free(text);
    return status;
}

bh_status bhc_stopped(const bh_call* call, bh_error* err) {
    if (!call->cancelled(call)) return BH_OK;
    switch (call->cancel_reason(call)) {
        case BH_CANCEL_ORDER:
            return bhc_fail(err, BH_E_CANCELLED, "cancelled", "the order was cancelled; nothing was made");
        case BH_CANCEL_DEADLINE:
            return bhc_fail(err, BH_E_TIMEOUT, "deadline", "the time is over; nothing was made");
        default:
            return bhc_fail(err, BH_E_INTERRUPTED, "shutdown", "the kernel stops; nothing was made yet");
    }
}

/* ---- one verb at a time ---- */

void bhc_gate_open(bhc_gate* gate) {
    pthread_mutex_init(&gate->lock, NULL);
    gate->stopped = 0;
}
void bhc_gate_close(bhc_gate* gate) { pthread_mutex_destroy(&gate->lock); }

bh_status bhc_enter(bhc_gate* gate, bh_error* err) {
    pthread_mutex_lock(&gate->lock);
    if (!gate->stopped) return BH_OK;
    pthread_mutex_unlock(&gate->lock);
    return bhc_fail(err, BH_E_INTERRUPTED, "quiesced", "the instance stops");
}
bh_status bhc_leave(bhc_gate* gate, bh_status status) {
    pthread_mutex_unlock(&gate->lock);
    return status;
}
void bhc_stop(bhc_gate* gate) {
    pthread_mutex_lock(&gate->lock);
    gate->stopped = 1;
    pthread_mutex_unlock(&gate->lock);
}

bh_status bhc_quiesce(bh_instance* self, uint64_t deadline_ns, bh_error* err) {
    (void)deadline_ns, (void)err;
    bhc_stop((bhc_gate*)self);
    return BH_OK;
}
void bhc_destroy(bh_instance* self) {
    bhc_gate_close((bhc_gate*)self);
    free(self);
}
bh_status bhc_healthy(bh_instance* self, bh_sink detail_json, bh_error* err) {
    const bh_status status = bhc_enter((bhc_gate*)self, err);
    return status != BH_OK ? status : bhc_leave((bhc_gate*)self, bhc_put(detail_json, "{\"findings\":[]}"));
}

/* ---- ids ---- */

int bhc_is_id(const char* text, size_t size) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (size == 0 || size >= BHC_ID_SIZE) return 0;
    for (size_t i = 0; i < size; ++i)
        if (memchr(allowed, text[i], sizeof allowed - 1) == NULL) return 0;
    return 1;
}

void bhc_id(bh_str text, const char* member, char (*id)[BHC_ID_SIZE]) {
    (*id)[0] = '\0';
    if (text.len > 0 && text.ptr[0] == '{') {
        char found[BHC_ID_SIZE];
        if (json_text(json_get(json_parse(text.ptr, text.len), member), found, sizeof found) &&
            bhc_is_id(found, strlen(found)))
            memcpy(*id, found, sizeof found);
    } else if (bhc_is_id(text.ptr, text.len)) {
        memcpy(*id, text.ptr, text.len);
        (*id)[text.len] = '\0';
    }
}

/* ---- rows ---- */

enum { KEY_SIZE = 129 };

bh_status bhc_rows_open(bhc_rows* rows, const bh_kernel* kernel, const char* kind, bh_error* err) {
    rows->kernel = kernel;
    rows->kind = kind;
    rows->store = (const bh_svc_store*)kernel->service(kernel, BH_SVC_STORE);
    if (rows->store != NULL) return BH_OK;
    return bhc_fail(err, BH_E_DENIED, "not_granted", "the service bh.svc.store/1 is not granted");
}

static int key_of(const bhc_rows* rows, const char* id, char (*key)[KEY_SIZE]) {
    if (!bhc_is_id(id, strlen(id))) return 0;
    return snprintf(*key, sizeof *key, "%s/%s", rows->kind, id) < KEY_SIZE;
}

static bh_status no_row(const bhc_rows* rows, bh_error* err) {
    char message[96];
    snprintf(message, sizeof message, "there is no %s of that id", rows->kind);
    return bhc_fail(err, BH_E_NOT_FOUND, "not_found", message);
}

bh_status bhc_row_get(const bhc_rows* rows, const char* id, bhc_text* out, bh_error* err) {
    char key[KEY_SIZE];
    if (!key_of(rows, id, &key)) return no_row(rows, err);
    const bh_status status = rows->store->get(rows->kernel, bhc_str(key), bhc_into(out), err);
    return status == BH_E_NOT_FOUND ? no_row(rows, err) : status;
}

static bh_status put_row(const bhc_rows* rows, const char* key, const char* text, size_t size, bh_error* err) {
    const bh_str name = bhc_str(key);
    const bh_bytes value = {(const uint8_t*)text, size};
    return rows->store->put(rows->kernel, &name, &value, 1, err);
}
bh_status bhc_row_put(const bhc_rows* rows, const char* id, const char* text, bh_error* err) {
    char key[KEY_SIZE];
    if (!key_of(rows, id, &key)) return bhc_fail(err, BH_E_INVALID, "id", "the id is not one of [a-z0-9-]{1,64}");
    return put_row(rows, key, text, strlen(text), err);
}
bh_status bhc_row_remove(const bhc_rows* rows, const char* id, bh_error* err) {
    char key[KEY_SIZE];
    return key_of(rows, id, &key) ? put_row(rows, key, NULL, 0, err) : BH_OK; /* no id of ours: gone already */
}

static bh_status visit_page(const bhc_rows* rows, json_value keys, bhc_visit visit, void* ctx, bh_error* err) {
    const size_t begin = strlen(rows->kind) + 1;
    json_value key;
    for (size_t i = 0; json_at(keys, i, &key); ++i) {
        char name[KEY_SIZE];
        bhc_text row = {NULL, 0, 0, 0};
        if (!json_text(key, name, sizeof name) || strlen(name) <= begin) continue;
        bh_status status = bhc_row_get(rows, name + begin, &row, err);
        if (status == BH_OK)
            status = visit(ctx, name + begin, row.data, err);
        else if (status == BH_E_NOT_FOUND)
            status = BH_OK; /* removed a moment ago */
        bhc_free(&row);
        if (status != BH_OK) return status;
    }
    return BH_OK;
}

bh_status bhc_rows_each(const bhc_rows* rows, bhc_visit visit, void* ctx, bh_error* err) {
    char prefix[KEY_SIZE], next[1024] = "";
    snprintf(prefix, sizeof prefix, "%s/", rows->kind);
    do {
        bhc_text page = {NULL, 0, 0, 0};
        bh_status status = rows->store->list(rows->kernel, bhc_str(prefix), bhc_str(next), bhc_into(&page), err);
        const json_value all = status == BH_OK ? json_parse(page.data, page.size) : json_parse(NULL, 0);
        if (status == BH_OK) status = visit_page(rows, json_get(all, "keys"), visit, ctx, err);
        if (!json_text(json_get(all, "next"), next, sizeof next)) next[0] = '\0';
        bhc_free(&page);
        if (status != BH_OK) return status;
    } while (next[0] != '\0');
    return BH_OK;
}
