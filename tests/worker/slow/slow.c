/* A plugin whose [no-block] members do block: query() for its storage, and parse_address() of "wait" and of "compute".
 * What else it does it does at once, and that is nothing. */
#include "tests/worker/plain.h"

#include <blockhost/ext/chain_contract.h>
#include <time.h>

enum { SLOW_MS = 25 };

struct bh_instance {
    const bh_kernel* kernel;
};
static struct bh_instance the_instance;

static void wait_a_while(void) {
    const struct timespec span = {0, SLOW_MS * 1000000L};
    nanosleep(&span, NULL);
}
static void compute_a_while(void) {
    struct timespec begin, now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < SLOW_MS);
}

static bh_status parse_address(bh_instance* self, bh_str text, bh_sink canonical, bh_error* err) {
    (void)self, (void)err;
    if (text.len == 4 && memcmp(text.ptr, "wait", 4) == 0) wait_a_while();
    if (text.len == 7 && memcmp(text.ptr, "compute", 7) == 0) compute_a_while();
    return canonical.write(canonical.ctx, text.ptr, text.len);
}
static bh_status read(bh_instance* self, bh_str request, bh_str at, uint32_t min_agree, bh_sink out, bh_error* err) {
    (void)self, (void)request, (void)at, (void)min_agree, (void)err;
    return plain_say(out, "{}");
}

static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) {
    (void)self, (void)err;
    return plain_say(out, "{\"volume_kinds\":[\"file\"]}");
}
static bh_status pools(bh_instance* self, bh_sink out, bh_error* err) {
    (void)self, (void)err;
    return plain_say(out, "{\"pools\":[]}");
}
static bh_status list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) {
    (void)self, (void)page, (void)err;
    return plain_say(out, "{\"volumes\":[]}");
}

static const bh_chain chain = {.struct_size = sizeof(bh_chain), .parse_address = parse_address};
static const bh_chain_contract contract = {.struct_size = sizeof(bh_chain_contract), .read = read};
static const bh_storage storage = {
    .struct_size = sizeof(bh_storage), .describe = describe, .pools = pools, .volume_list = list};

static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) {
    (void)config, (void)err;
    the_instance.kernel = kernel;
    *out = &the_instance;
    return BH_OK;
}
static const void* query(const char* id) {
    if (strcmp(id, BH_STORAGE) == 0) wait_a_while();
    if (strcmp(id, BH_CHAIN) == 0) return &chain;
    if (strcmp(id, BH_CHAIN_CONTRACT) == 0) return &contract;
    return strcmp(id, BH_STORAGE) == 0 ? &storage : NULL;
}
PLAIN_PLUGIN("org.blockhost.test-slow")
