/* What the files of the probe share. */
#ifndef PROBE_H
#define PROBE_H
#define _GNU_SOURCE
#include <blockhost/blockhost.h>

struct bh_instance {
    const bh_kernel* kernel;
};
extern struct bh_instance the_instance;

typedef struct {
    const bh_call* call;
    bh_bytes request;
    bh_sink out;
    bh_error* err;
} exchange;

/* What the probe can be told to do. The lists end with a name NULL. */
typedef struct {
    const char* name;
    bh_status (*run)(const exchange* e);
} act;
extern const act hostile_acts[], service_acts[];

bh_status say(bh_sink out, const char* text);
/* "allowed", or the error's text. */
bh_status say_result(bh_sink out, long result);
const void* service(const char* id);
/* The request as text, cut at 511 bytes; until the thread's next call. */
const char* request_text(const exchange* e);
/* The request's text into `out`, which holds `size` bytes; 0: it is too long. */
int copy_request(const exchange* e, char* out, size_t size);

#endif
