/* A kernel for the SDK's own test, in C as the real one's boundary is: it calls the plugin's table and serves log,
 * store, secrets, signer and connect. */
#ifndef TESTKERNEL_H
#define TESTKERNEL_H

#include <blockhost/blockhost.h>

typedef struct test_answer {
    bh_status status;
    char text[4096];
    size_t size;
    char reason[48], message[448];
    uint32_t retry_after_ms;
} test_answer;

/* What the kernel saw. */
extern char test_log[4096], test_checkpoint[4096], test_stage[64];
extern size_t test_checkpoint_size;
extern uint32_t test_permille;
extern int test_wakes;
extern uint8_t* test_lent; /* where the secret lay that was lent last */

const bh_plugin* test_entry(uint32_t draft, test_answer* answer);
bh_instance* test_create(const bh_plugin* plugin, const char* config, int services, test_answer* answer);
void test_quiesce(const bh_plugin* plugin, bh_instance* self, test_answer* answer);
void test_destroy(const bh_plugin* plugin, bh_instance* self);
void test_health(const bh_plugin* plugin, bh_instance* self, test_answer* answer);
void test_check(const bh_plugin* plugin, const char* config, test_answer* answer);
int test_offers(const bh_plugin* plugin, const char* id);
/* volume_create; reason: BH_CANCEL_*, given after a moment. refuse: the sink takes nothing. no_error: err is NULL. */
void test_volume_create(const bh_plugin* plugin, bh_instance* self, const char* op_id, const char* spec,
                        uint32_t reason, int refuse, int no_error, test_answer* answer);
void test_volume_resize(const bh_plugin* plugin, bh_instance* self, const char* volume, uint64_t size,
                        test_answer* answer);
void test_volume_list(const bh_plugin* plugin, bh_instance* self, const char* page, test_answer* answer);

#endif
