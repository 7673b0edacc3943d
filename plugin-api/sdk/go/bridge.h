/* How the C ABI and the Go runtime meet. Each verb of the ABI is a C function that packs its arguments into one struct
 * and calls one Go function; each service is a C function that calls through the kernel's table, because Go can't call
 * a pointer to a function. Nothing here is for a plugin's author. */
#ifndef BHGO_BRIDGE_H
#define BHGO_BRIDGE_H

#include <blockhost/blockhost.h>

enum {
    BHGO_CHECK,
    BHGO_CREATE,
    BHGO_QUIESCE,
    BHGO_DESTROY,
    BHGO_HEALTH,
    BHGO_CHAIN_DESCRIBE,
    BHGO_CHAIN_POLL,
    BHGO_CHAIN_SUBMIT,
    BHGO_CHAIN_OWNER_OF,
    BHGO_CHAIN_SUBSCRIPTION_STATE,
    BHGO_CHAIN_BALANCES,
    BHGO_CHAIN_VERIFY_SIGNATURE,
    BHGO_CHAIN_RECOVER_SIGNER,
    BHGO_CHAIN_PARSE_ADDRESS,
    BHGO_HYPERVISOR_DESCRIBE,
    BHGO_HYPERVISOR_CREATE,
    BHGO_HYPERVISOR_DESTROY,
    BHGO_HYPERVISOR_POWER,
    BHGO_HYPERVISOR_GET,
    BHGO_HYPERVISOR_LIST,
    BHGO_HYPERVISOR_STATS,
    BHGO_STORAGE_DESCRIBE,
    BHGO_STORAGE_POOLS,
    BHGO_STORAGE_IMPORT,
    BHGO_STORAGE_CREATE,
    BHGO_STORAGE_RESIZE,
    BHGO_STORAGE_DELETE,
    BHGO_STORAGE_LIST,
    BHGO_IPV6_DESCRIBE,
    BHGO_IPV6_ACQUIRE,
    BHGO_IPV6_RENEW,
    BHGO_IPV6_RELEASE,
    BHGO_IPV6_LIST,
    BHGO_CONTRACT_READ,
    BHGO_CONTRACT_LOGS,
    BHGO_GUEST_EXCHANGE,
    BHGO_CONSOLE_OPEN,
    BHGO_VM_REINSTALL,
    BHGO_VM_RESIZE,
    BHGO_SNAPSHOT_CREATE,
    BHGO_SNAPSHOT_REVERT,
    BHGO_SNAPSHOT_DELETE,
    BHGO_SNAPSHOT_LIST
};

/* The arguments of any verb; which are set depends on it. Borrowed for the call, like the arguments themselves. */
typedef struct bhgo_args {
    uint32_t verb, number;
    uint64_t wide; /* a deadline, a size */
    const bh_kernel* kernel;
    bh_instance* self;
    const bh_call* call;
    bh_str text[3];
    bh_bytes bytes[2];
    bh_instance** made;
    bh_vm_stats* stats;
    bh_sink out;
    bh_error* err;
} bhgo_args;

/* What stands behind a bh_instance: a number by which Go finds it. */
struct bh_instance {
    uintptr_t handle;
};

/* The plugin's identity, kinds and extensions, set once by Go before the entry returns; the texts live for ever. */
typedef struct bhgo_identity {
    bh_str id, version;
    int32_t chain, hypervisor, storage, ipv6;
    int32_t contract, guest, console, reinstall, resize, snapshot; /* extensions */
} bhgo_identity;
void bhgo_identify(bhgo_identity identity);

/* What a service writes. */
typedef struct bhgo_buffer {
    uint8_t* data;
    size_t size, room;
} bhgo_buffer;
void bhgo_buffer_wipe(bhgo_buffer* buffer); /* overwrites, then frees */

bh_status bhgo_write(bh_sink out, const void* data, size_t size);
uint64_t bhgo_now(void); /* CLOCK_MONOTONIC in nanoseconds */
/* Waits until one of the two is readable or has ended, or the deadline has passed. 1: `fd`. */
int bhgo_wait(int fd, int other, uint64_t deadline_ns);

int32_t bhgo_cancelled(const bh_call* call);
uint32_t bhgo_cancel_reason(const bh_call* call);
void bhgo_progress(const bh_call* call, uint32_t permille, bh_str stage);
bh_status bhgo_save(const bh_call* call, bh_bytes checkpoint, bh_error* err);

/* A service that is absent: BH_E_DENIED, reason "not_granted". */
void bhgo_log(const bh_kernel* kernel, uint32_t level, bh_str trace_id, bh_str message);
void bhgo_poll_now(const bh_kernel* kernel);
bh_status bhgo_store_get(const bh_kernel* kernel, bh_str key, bhgo_buffer* value, bh_error* err);
bh_status bhgo_store_put(const bh_kernel* kernel, const bh_str* keys, const bh_bytes* values, uint32_t count,
                         bh_error* err);
bh_status bhgo_store_list(const bh_kernel* kernel, bh_str prefix, bh_str page, bhgo_buffer* out, bh_error* err);
bh_status bhgo_secret(const bh_kernel* kernel, const char* name, uintptr_t loan, bh_error* err);
bh_status bhgo_sign(const bh_kernel* kernel, const char* key, const char* scheme, bh_bytes payload,
                    bhgo_buffer* signature, bh_error* err);
bh_status bhgo_public_key(const bh_kernel* kernel, const char* key, bhgo_buffer* out, bh_error* err);
bh_status bhgo_unseal(const bh_kernel* kernel, const char* key, const char* format, bh_bytes sealed, bh_bytes context,
                      bhgo_buffer* plaintext, bh_error* err);
bh_status bhgo_connect(const bh_kernel* kernel, bh_str host, uint16_t port, uint64_t deadline_ns, int32_t* fd,
                       bh_error* err);
bh_status bhgo_launch_start(const bh_kernel* kernel, bh_str unit, bh_str spec, const int32_t* fds, uint32_t count,
                            bhgo_buffer* out, bh_error* err);
bh_status bhgo_launch_status(const bh_kernel* kernel, bh_str unit, bhgo_buffer* out, bh_error* err);
bh_status bhgo_launch_signal(const bh_kernel* kernel, bh_str unit, int32_t number, bh_error* err);
bh_status bhgo_launch_list(const bh_kernel* kernel, bh_str page, bhgo_buffer* out, bh_error* err);
bh_status bhgo_launch_run(const bh_kernel* kernel, bh_str request, uint64_t deadline_ns, bhgo_buffer* out,
                          bh_error* err);
bh_status bhgo_chain_read(const bh_kernel* kernel, const char* chain, bh_str request, bh_str at, uint32_t min_agree,
                          bhgo_buffer* out, bh_error* err);
bh_status bhgo_chain_logs(const bh_kernel* kernel, const char* chain, bh_str filter, bh_str cursor, uint32_t max,
                          bhgo_buffer* out, bh_error* err);
bh_status bhgo_chain_submit(const bh_kernel* kernel, const bh_call* call, const char* chain, const char* step,
                            bh_str intent, bhgo_buffer* out, bh_error* err);

#endif
