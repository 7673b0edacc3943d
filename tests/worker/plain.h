/* The smallest members that a plugin can have, for those of the tests whose verbs are what matters: a configuration
 * without findings, nothing to quiesce and nothing to give back, healthy at all times. */
#pragma once
#include <blockhost/blockhost.h>

#include <string.h>

static bh_status plain_say(bh_sink out, const char* text) { return out.write(out.ctx, text, strlen(text)); }

static bh_status plain_check(const bh_kernel* kernel, bh_str config, uint64_t deadline_ns, bh_sink findings,
                             bh_error* err) {
    (void)kernel, (void)config, (void)deadline_ns, (void)err;
    return plain_say(findings, "{\"findings\":[]}");
}
static bh_status plain_quiesce(bh_instance* self, uint64_t deadline_ns, bh_error* err) {
    (void)self, (void)deadline_ns, (void)err;
    return BH_OK;
}
static void plain_destroy(bh_instance* self) { (void)self; }
static bh_status plain_health(bh_instance* self, bh_sink out, bh_error* err) {
    (void)self, (void)err;
    return plain_say(out, "{}");
}

/* The plugin itself, behind create() and query(). */
#define PLAIN_PLUGIN(ID)                                                                        \
    static const bh_plugin plugin = {sizeof(bh_plugin),    BH_ABI_MINOR,  BH_ABI_DRAFT, 0,      \
                                     {ID, sizeof(ID) - 1}, {"0.1.0", 5},  plain_check,  create, \
                                     plain_quiesce,        plain_destroy, plain_health, query}; \
    const bh_plugin* bh_plugin_entry_v0(const bh_entry_args* args, bh_error* err) {             \
        (void)args, (void)err;                                                                  \
        return &plugin;                                                                         \
    }
