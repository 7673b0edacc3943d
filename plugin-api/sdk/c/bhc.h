/* What plugins in C share: errors, growing texts, the gate before an instance, ids, rows in the kernel's store. A
 * plugin needs none of it, the headers of the ABI are all; these are two files to compile in, with a prefix of their
 * own.
 *
 * Functions that return a bh_status fill `err` on failure, which may be NULL, and leave their outputs alone then,
 * unless they say otherwise. Texts are the caller's: bhc_free() what was added to. Any thread, each value on one at a
 * time. */
#ifndef BHC_H
#define BHC_H

#include <blockhost/blockhost.h>

#include <pthread.h>

/* ---- texts and answers ---- */

/* A text that grows, with a NUL behind it. Begin with {0}. failed: there was no memory, and the text is cut. */
typedef struct bhc_text {
    char* data;
    size_t size, room;
    int failed;
} bhc_text;

/* printf at its end. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void bhc_add(bhc_text* text, const char* format, ...);
void bhc_free(bhc_text* text);

/* A sink that adds to `text`. */
bh_sink bhc_into(bhc_text* text);

bh_str bhc_str(const char* text);

/* Fills `err` and returns `code`. */
bh_status bhc_fail(bh_error* err, bh_status code, const char* reason, const char* message);

/* Writes a text to a sink; bhc_give() frees it, too, and BH_E_INTERNAL says that it was cut. */
bh_status bhc_put(bh_sink out, const char* text);
bh_status bhc_give(bh_sink out, bhc_text* text, bh_error* err);

/* What to return when the kernel wants the call to stop, before anything was made; BH_OK: go on. */
bh_status bhc_stopped(const bh_call* call, bh_error* err);

/* ---- one verb at a time ---- */

typedef struct bhc_gate {
    pthread_mutex_t lock;
    int stopped;
} bhc_gate;

void bhc_gate_open(bhc_gate* gate);
void bhc_gate_close(bhc_gate* gate);
/* BH_OK: the caller holds the gate until bhc_leave(), which passes `status` on. BH_E_INTERRUPTED: quiesce() was called.
 */
bh_status bhc_enter(bhc_gate* gate, bh_error* err);
bh_status bhc_leave(bhc_gate* gate, bh_status status);
/* For quiesce(): waits for the verb that runs, if one does. */
void bhc_stop(bhc_gate* gate);

/* Members of the plugin's table, for a bh_instance that begins with its gate and came from calloc(). */
bh_status bhc_quiesce(bh_instance* self, uint64_t deadline_ns, bh_error* err);
void bhc_destroy(bh_instance* self);
bh_status bhc_healthy(bh_instance* self, bh_sink detail_json, bh_error* err); /* there is nothing to look at */

/* ---- ids ---- */

enum { BHC_ID_SIZE = 65 };

/* The id in what a verb is given: the id itself, or a whole document with it as `member`. "": it can be none that
 * these plugins give, as those are op_ids: [a-z0-9-]{1,64}. */
void bhc_id(bh_str text, const char* member, char (*id)[BHC_ID_SIZE]);
int bhc_is_id(const char* text, size_t size);

/* ---- rows in the kernel's store, under "KIND/ID" ---- */

typedef struct bhc_rows {
    const bh_kernel* kernel;
    const bh_svc_store* store;
    const char* kind;
} bhc_rows;

/* BH_E_DENIED: the store is not granted. */
bh_status bhc_rows_open(bhc_rows* rows, const bh_kernel* kernel, const char* kind, bh_error* err);

/* Adds the row to `out`. BH_E_NOT_FOUND: there is none, or `id` can be none. */
bh_status bhc_row_get(const bhc_rows* rows, const char* id, bhc_text* out, bh_error* err);
bh_status bhc_row_put(const bhc_rows* rows, const char* id, const char* text, bh_error* err);
/* Also of one that is not there: BH_OK. */
bh_status bhc_row_remove(const bhc_rows* rows, const char* id, bh_error* err);

/* Calls `visit` with each id and its row, in the order of the ids, until it returns something else than BH_OK. A row
 * that is removed meanwhile is left out. */
typedef bh_status (*bhc_visit)(void* ctx, const char* id, char* row, bh_error* err);
bh_status bhc_rows_each(const bhc_rows* rows, bhc_visit visit, void* ctx, bh_error* err);

/* ---- the entry ---- */

/* Defines the one exported function, for a `static const bh_plugin`. */
#define BHC_ENTRY(plugin)                                                                \
    const bh_plugin* bh_plugin_entry_v0(const bh_entry_args* args, bh_error* err) {      \
        if (args->abi_draft == BH_ABI_DRAFT) return &(plugin);                           \
        (void)bhc_fail(err, BH_E_UNSUPPORTED, "other_draft",                             \
                       "the plugin was built for another draft of the ABI: rebuild it"); \
        return NULL;                                                                     \
    }
#define BHC_TEXT(literal) {literal, sizeof literal - 1}

#endif
