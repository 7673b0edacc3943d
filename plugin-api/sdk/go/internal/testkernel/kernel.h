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

/* Verbs of extensions and of the kind hypervisor: extensions.c. */
void test_contract_read(const bh_plugin* plugin, bh_instance* self, const char* request, const char* at,
                        uint32_t min_agree, test_answer* answer);
void test_contract_logs(const bh_plugin* plugin, bh_instance* self, const char* filter, const char* cursor,
                        uint32_t max, test_answer* answer);
void test_guest_exchange(const bh_plugin* plugin, bh_instance* self, const char* vm, const uint8_t* request,
                         size_t size, test_answer* answer);
void test_console_open(const bh_plugin* plugin, bh_instance* self, const char* vm, uint32_t type, test_answer* answer);
void test_vm_reinstall(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* spec,
                       test_answer* answer);
void test_vm_resize(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* size, test_answer* answer);
void test_snapshot_create(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* spec,
                          test_answer* answer);
void test_snapshot_revert(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* snapshot,
                          test_answer* answer);
void test_snapshot_delete(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* snapshot,
                          test_answer* answer);
void test_snapshot_list(const bh_plugin* plugin, bh_instance* self, const char* vm, const char* page,
                        test_answer* answer);
void test_vm_get(const bh_plugin* plugin, bh_instance* self, const char* vm, test_answer* answer);

/* For both: what a verb said, and a sink for it. */
void test_finish(test_answer* answer, bh_status status, const bh_error* error);
bh_sink test_sink(test_answer* answer);

#endif
