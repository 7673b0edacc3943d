/* A provider of IPv6 prefixes in C: /64 prefixes out of a pool that the operator owns, kept in the kernel's store, one
 * row a delegation. README.md walks through it.
 *
 * Row "delegation/OP_ID" -> "NUMBER\nTAGS": the number of the prefix in the pool, and the tags of the request as JSON.
 */
#include "bhc.h"
#include "json.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_SIZE = 256, MAX_TAGS = 4096 };

struct bh_instance {
    bhc_gate gate; /* first, for bhc_quiesce(); one delegation is looked for and made at a time */
    bhc_rows rows;
    struct in6_addr pool; /* a /56 */
};

/* delegation.json, written as text: the tags are those of the request, passed on as they came. */
static void add_delegation(bhc_text* to, const bh_instance* self, const char* op_id, unsigned number,
                           const char* tags) {
    const bh_str instance = self->rows.kernel->instance;
    struct in6_addr prefix = self->pool;
    char address[INET6_ADDRSTRLEN];
    prefix.s6_addr[7] = (uint8_t)number;
    inet_ntop(AF_INET6, &prefix, address, sizeof address);
    bhc_add(to, "{\"delegation\":\"%s\",\"created_by\":\"%s\",\"instance\":\"%.*s\",\"prefix\":\"%s/64\"", op_id, op_id,
            (int)instance.len, instance.ptr, address);
    bhc_add(to, ",\"mode\":\"routed\"%s%s}", tags[0] != '\0' ? ",\"tags\":" : "", tags);
}

/* Splits a row where its tags begin. */
static bh_status read_row(char* row, unsigned* number, const char** tags, bh_error* err) {
    char* end = strchr(row, '\n');
    if (end == NULL) return bhc_fail(err, BH_E_CORRUPT, "row", "a delegation in the store is damaged");
    *number = (unsigned)strtoul(row, NULL, 10);
    *tags = end + 1;
    return BH_OK;
}

/* ---- the verbs of bh.ipv6/1 ---- */

static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) {
    const bh_status status = bhc_enter(&self->gate, err);
    return status != BH_OK ? status : bhc_leave(&self->gate, bhc_put(out, "{\"prefix_lengths\":[64]}"));
}

static bh_status mark_used(void* ctx, const char* id, char* row, bh_error* err) {
    unsigned number = 0;
    const char* tags = NULL;
    (void)id;
    const bh_status status = read_row(row, &number, &tags, err);
    if (status == BH_OK && number < POOL_SIZE) ((unsigned char*)ctx)[number] = 1;
    return status;
}

/* A number that no other delegation has, or BH_E_EXHAUSTED. */
static bh_status free_number(const bh_instance* self, unsigned* number, bh_error* err) {
    static const char full[] = "all prefixes of the pool are delegated; release one or configure another pool";
    unsigned char used[POOL_SIZE] = {0};
    const bh_status status = bhc_rows_each(&self->rows, mark_used, used, err);
    if (status != BH_OK) return status;
    for (*number = 0; *number < POOL_SIZE; ++*number)
        if (!used[*number]) return BH_OK;
    return bhc_fail(err, BH_E_EXHAUSTED, "pool_full", full);
}

/* The tags as they came, if the wanted length is one that there is. */
static bh_status read_request(bh_str text, bhc_text* tags, bh_error* err) {
    const json_value request = json_parse(text.ptr, text.len), given = json_get(request, "tags");
    uint64_t length = 0;
    if (!json_is_object(request))
        return bhc_fail(err, BH_E_INVALID, "bad_document",
                        "request: is not a JSON object of depth 16 and 1 MiB at most");
    if (!json_number(json_get(request, "prefix_length"), &length) || (length != 0 && length != 64))
        return bhc_fail(err, BH_E_INVALID, "prefix_length",
                        "request: /prefix_length must be 64, or 0 for what there is");
    if ((given.size != 0 && !json_is_object(given)) || given.size >= MAX_TAGS)
        return bhc_fail(err, BH_E_INVALID, "tags", "request: /tags must be an object of 4 KiB at most");
    bhc_add(tags, "%.*s", (int)given.size, given.size != 0 ? given.text : "");
    return tags->failed ? bhc_fail(err, BH_E_INTERNAL, "no_memory", "out of memory") : BH_OK;
}

static bh_status make(bh_instance* self, const bh_call* call, const char* id, const char* tags, bhc_text* answer,
                      bh_error* err) {
    unsigned number = 0;
    char row[MAX_TAGS + 16];
    bh_status status = bhc_stopped(call, err);
    if (status == BH_OK) status = free_number(self, &number, err);
    if (status != BH_OK) return status;
    snprintf(row, sizeof row, "%u\n%s", number, tags);
    status = bhc_row_put(&self->rows, id, row, err);
    if (status == BH_OK) add_delegation(answer, self, id, number, tags);
    return status;
}

/* Looks for the op_id first, at every attempt: that is the whole secret of making nothing twice. The row is one key,
 * so it is there or it is not, and there is nothing to save(). */
static bh_status acquire(bh_instance* self, const bh_call* call, const char* tags, bhc_text* answer, bh_error* err) {
    char id[BHC_ID_SIZE];
    bhc_text row = {NULL, 0, 0, 0};
    unsigned number = 0;
    const char* known = NULL;
    bhc_id(call->op_id, "delegation", &id);
    bh_status status = bhc_row_get(&self->rows, id, &row, err);
    if (status == BH_E_NOT_FOUND) {
        status = make(self, call, id, tags, answer, err);
    } else if (status == BH_OK) {
        status = read_row(row.data, &number, &known, err);
        if (status == BH_OK && strcmp(known, tags) != 0)
            status = bhc_fail(err, BH_E_CONFLICT, "other_request", "this op_id has a delegation for another request");
        if (status == BH_OK) add_delegation(answer, self, id, number, tags);
    }
    bhc_free(&row);
    return status;
}

static bh_status delegation_acquire(bh_instance* self, const bh_call* call, bh_str request, bh_sink out,
                                    bh_error* err) {
    bhc_text tags = {NULL, 0, 0, 0}, answer = {NULL, 0, 0, 0};
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    status = read_request(request, &tags, err);
    if (status == BH_OK) status = acquire(self, call, tags.data, &answer, err);
    if (status == BH_OK) status = bhc_give(out, &answer, err);
    bhc_free(&tags);
    bhc_free(&answer);
    return bhc_leave(&self->gate, status);
}

static bh_status delegation_renew(bh_instance* self, const bh_call* call, bh_str delegation, bh_sink out,
                                  bh_error* err) {
    char id[BHC_ID_SIZE];
    bhc_text row = {NULL, 0, 0, 0}, answer = {NULL, 0, 0, 0};
    unsigned number = 0;
    const char* tags = NULL;
    (void)call;
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    bhc_id(delegation, "delegation", &id);
    status = bhc_row_get(&self->rows, id, &row, err);
    if (status == BH_OK) status = read_row(row.data, &number, &tags, err);
    if (status == BH_OK) {
        add_delegation(&answer, self, id, number, tags);
        status = bhc_give(out, &answer, err);
    }
    bhc_free(&row);
    return bhc_leave(&self->gate, status);
}

static bh_status delegation_release(bh_instance* self, const bh_call* call, bh_str delegation, bh_error* err) {
    char id[BHC_ID_SIZE];
    (void)call;
    const bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    bhc_id(delegation, "delegation", &id);
    return bhc_leave(&self->gate, bhc_row_remove(&self->rows, id, err));
}

struct listing {
    const bh_instance* self;
    bhc_text text;
};
static bh_status list_one(void* ctx, const char* id, char* row, bh_error* err) {
    struct listing* list = (struct listing*)ctx;
    unsigned number = 0;
    const char* tags = NULL;
    const bh_status status = read_row(row, &number, &tags, err);
    if (status != BH_OK) return status;
    if (list->text.data[list->text.size - 1] == '}') bhc_add(&list->text, ",");
    add_delegation(&list->text, list->self, id, number, tags);
    return BH_OK;
}

/* One page holds all. */
static bh_status delegation_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) {
    struct listing list = {self, {NULL, 0, 0, 0}};
    bh_status status = bhc_enter(&self->gate, err);
    if (status != BH_OK) return status;
    if (page.len != 0) status = bhc_fail(err, BH_E_INVALID, "bad_page", "there is one page only: its token is empty");
    bhc_add(&list.text, "{\"delegations\":[");
    if (status == BH_OK && list.text.failed) status = bhc_fail(err, BH_E_INTERNAL, "no_memory", "out of memory");
    if (status == BH_OK) status = bhc_rows_each(&self->rows, list_one, &list, err);
    bhc_add(&list.text, "]}");
    if (status == BH_OK) status = bhc_give(out, &list.text, err);
    bhc_free(&list.text);
    return bhc_leave(&self->gate, status);
}

/* ---- the plugin ---- */

/* The pool of a configuration: a /56 without bits behind it. */
static bh_status read_pool(bh_str config, struct in6_addr* pool, bh_error* err) {
    char text[64];
    if (!json_text(json_get(json_parse(config.ptr, config.len), "pool"), text, sizeof text))
        return bhc_fail(err, BH_E_INVALID, "pool", "/pool: is missing; give a prefix such as 2001:db8:1::/56");
    char* slash = strchr(text, '/');
    if (slash != NULL) *slash = '\0';
    if (slash == NULL || strcmp(slash + 1, "56") != 0 || inet_pton(AF_INET6, text, pool) != 1)
        return bhc_fail(err, BH_E_INVALID, "pool", "/pool: must be an IPv6 prefix with the length 56");
    for (int i = 7; i < 16; ++i)
        if (pool->s6_addr[i] != 0) return bhc_fail(err, BH_E_INVALID, "pool", "/pool: has bits behind its length");
    return BH_OK;
}

static bh_status check(const bh_kernel* kernel, bh_str config, uint64_t deadline_ns, bh_sink findings, bh_error* err) {
    struct in6_addr pool;
    bh_error why = {0};
    bhc_text text = {NULL, 0, 0, 0};
    (void)kernel, (void)deadline_ns;
    why.struct_size = sizeof why;
    bhc_add(&text, "{\"findings\":[");
    if (read_pool(config, &pool, &why) != BH_OK)
        bhc_add(&text, "{\"field\":\"/pool\",\"severity\":\"error\",\"message\":\"%s\",\"remedy\":\"correct it\"}",
                why.message);
    bhc_add(&text, "]}");
    return bhc_give(findings, &text, err);
}

static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    struct in6_addr pool;
    bhc_rows rows;
    bh_status status = bhc_rows_open(&rows, kernel, "delegation", err);
    if (status == BH_OK) status = read_pool(config, &pool, err);
    if (status != BH_OK) return status;
    bh_instance* self = (bh_instance*)calloc(1, sizeof *self);
    if (self == NULL) return bhc_fail(err, BH_E_INTERNAL, "no_memory", "out of memory");
    self->rows = rows;
    self->pool = pool;
    bhc_gate_open(&self->gate);
    *out = self;
    return BH_OK;
}

static const bh_ipv6 ipv6 = {sizeof ipv6,    0, describe, delegation_acquire, delegation_renew, delegation_release,
                             delegation_list};

static const void* query(const char* id) { return strcmp(id, BH_IPV6) == 0 ? &ipv6 : NULL; }

static const bh_plugin plugin = {
    sizeof plugin,     BH_ABI_MINOR, BH_ABI_DRAFT, 0,           BHC_TEXT("org.example.ipv6-pool"),
    BHC_TEXT("1.0.0"), check,        create,       bhc_quiesce, bhc_destroy,
    bhc_healthy,       query};

BHC_ENTRY(plugin)
