/* The plugin's side of the ABI: the entry, the tables, one small function for each verb. */
#include "_cgo_export.h"
#include "bridge.h"

#include <stdlib.h>
#include <string.h>

#define ASK(...)                    \
    bhgo_args args = {__VA_ARGS__}; \
    return bhgoVerb(&args)

static bhgo_identity identity;
void bhgo_identify(bhgo_identity named) { identity = named; }

static bh_status check(const bh_kernel* kernel, bh_str config, uint64_t deadline_ns, bh_sink out, bh_error* err) {
    ASK(.verb = BHGO_CHECK, .kernel = kernel, .text = {config}, .wide = deadline_ns, .out = out, .err = err);
}
static bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** made, bh_error* err) {
    ASK(.verb = BHGO_CREATE, .kernel = kernel, .text = {config}, .made = made, .err = err);
}
static bh_status quiesce(bh_instance* self, uint64_t deadline_ns, bh_error* err) {
    ASK(.verb = BHGO_QUIESCE, .self = self, .wide = deadline_ns, .err = err);
}
static void destroy(bh_instance* self) {
    bhgo_args args = {.verb = BHGO_DESTROY, .self = self};
    (void)bhgoVerb(&args);
}
static bh_status health(bh_instance* self, bh_sink out, bh_error* err) {
    ASK(.verb = BHGO_HEALTH, .self = self, .out = out, .err = err);
}

/* Shapes that several verbs have. */
#define READS(name, which)                                                 \
    static bh_status name(bh_instance* self, bh_sink out, bh_error* err) { \
        ASK(.verb = which, .self = self, .out = out, .err = err);          \
    }
#define TAKES(name, which)                                                              \
    static bh_status name(bh_instance* self, bh_str text, bh_sink out, bh_error* err) { \
        ASK(.verb = which, .self = self, .text = {text}, .out = out, .err = err);       \
    }
#define MAKES(name, which)                                                                                   \
    static bh_status name(bh_instance* self, const bh_call* call, bh_str text, bh_sink out, bh_error* err) { \
        ASK(.verb = which, .self = self, .call = call, .text = {text}, .out = out, .err = err);              \
    }
#define REMOVES(name, which)                                                                    \
    static bh_status name(bh_instance* self, const bh_call* call, bh_str text, bh_error* err) { \
        ASK(.verb = which, .self = self, .call = call, .text = {text}, .err = err);             \
    }
#define READS_AT(name, which)                                                                                          \
    static bh_status name(bh_instance* self, bh_str text, bh_str at, uint32_t min_agree, bh_sink out, bh_error* err) { \
        ASK(.verb = which, .self = self, .text = {text, at}, .number = min_agree, .out = out, .err = err);             \
    }

READS(chain_describe, BHGO_CHAIN_DESCRIBE)
static bh_status chain_poll(bh_instance* self, const bh_call* call, bh_str cursor, uint32_t max, bh_sink out,
                            bh_error* err) {
    ASK(.verb = BHGO_CHAIN_POLL, .self = self, .call = call, .text = {cursor}, .number = max, .out = out, .err = err);
}
static bh_status chain_submit(bh_instance* self, const bh_call* call, bh_str intent, bh_str final_at, bh_sink out,
                              bh_error* err) {
    ASK(.verb = BHGO_CHAIN_SUBMIT, .self = self, .call = call, .text = {intent, final_at}, .out = out, .err = err);
}
READS_AT(chain_owner_of, BHGO_CHAIN_OWNER_OF)
READS_AT(chain_subscription_state, BHGO_CHAIN_SUBSCRIPTION_STATE)
READS_AT(chain_balances, BHGO_CHAIN_BALANCES)
static bh_status chain_verify_signature(bh_instance* self, bh_str scheme, bh_str signer, bh_bytes message,
                                        bh_bytes signature, bh_str at, uint32_t min_agree, bh_sink out, bh_error* err) {
    ASK(.verb = BHGO_CHAIN_VERIFY_SIGNATURE, .self = self, .text = {scheme, signer, at}, .bytes = {message, signature},
        .number = min_agree, .out = out, .err = err);
}
static bh_status chain_recover_signer(bh_instance* self, bh_str scheme, bh_bytes message, bh_bytes signature,
                                      bh_sink out, bh_error* err) {
    ASK(.verb = BHGO_CHAIN_RECOVER_SIGNER, .self = self, .text = {scheme}, .bytes = {message, signature}, .out = out,
        .err = err);
}
TAKES(chain_parse_address, BHGO_CHAIN_PARSE_ADDRESS)
static const bh_chain chain_table = {sizeof(bh_chain),
                                     0,
                                     chain_describe,
                                     chain_poll,
                                     chain_submit,
                                     chain_owner_of,
                                     chain_subscription_state,
                                     chain_balances,
                                     chain_verify_signature,
                                     chain_recover_signer,
                                     chain_parse_address};

READS(hypervisor_describe, BHGO_HYPERVISOR_DESCRIBE)
MAKES(vm_create, BHGO_HYPERVISOR_CREATE)
REMOVES(vm_destroy, BHGO_HYPERVISOR_DESTROY)
static bh_status vm_power(bh_instance* self, const bh_call* call, bh_str vm, uint32_t action, bh_error* err) {
    ASK(.verb = BHGO_HYPERVISOR_POWER, .self = self, .call = call, .text = {vm}, .number = action, .err = err);
}
TAKES(vm_get, BHGO_HYPERVISOR_GET)
TAKES(vm_list, BHGO_HYPERVISOR_LIST)
static bh_status vm_stats(bh_instance* self, bh_str vm, bh_vm_stats* stats, bh_error* err) {
    ASK(.verb = BHGO_HYPERVISOR_STATS, .self = self, .text = {vm}, .stats = stats, .err = err);
}
static const bh_hypervisor hypervisor_table = {
    sizeof(bh_hypervisor), 0, hypervisor_describe, vm_create, vm_destroy, vm_power, vm_get, vm_list, vm_stats};

READS(storage_describe, BHGO_STORAGE_DESCRIBE)
READS(pools, BHGO_STORAGE_POOLS)
MAKES(image_import, BHGO_STORAGE_IMPORT)
MAKES(volume_create, BHGO_STORAGE_CREATE)
static bh_status volume_resize(bh_instance* self, const bh_call* call, bh_str volume, uint64_t size, bh_error* err) {
    ASK(.verb = BHGO_STORAGE_RESIZE, .self = self, .call = call, .text = {volume}, .wide = size, .err = err);
}
REMOVES(volume_delete, BHGO_STORAGE_DELETE)
TAKES(volume_list, BHGO_STORAGE_LIST)
static const bh_storage storage_table = {
    sizeof(bh_storage), 0,          storage_describe, pools, image_import, volume_create, volume_resize,
    volume_delete,      volume_list};

READS(ipv6_describe, BHGO_IPV6_DESCRIBE)
MAKES(delegation_acquire, BHGO_IPV6_ACQUIRE)
MAKES(delegation_renew, BHGO_IPV6_RENEW)
REMOVES(delegation_release, BHGO_IPV6_RELEASE)
TAKES(delegation_list, BHGO_IPV6_LIST)
static const bh_ipv6 ipv6_table = {
    sizeof(bh_ipv6), 0, ipv6_describe, delegation_acquire, delegation_renew, delegation_release, delegation_list};

READS_AT(contract_read, BHGO_CONTRACT_READ)
READS_AT(contract_logs, BHGO_CONTRACT_LOGS) /* of the same shape: filter, cursor, max */
static const bh_chain_contract contract_table = {sizeof(bh_chain_contract), 0, contract_read, contract_logs};

static bh_status guest_exchange(bh_instance* self, const bh_call* call, bh_str vm, bh_bytes request, bh_sink out,
                                bh_error* err) {
    ASK(.verb = BHGO_GUEST_EXCHANGE, .self = self, .call = call, .text = {vm}, .bytes = {request}, .out = out,
        .err = err);
}
static const bh_hypervisor_guest guest_table = {sizeof(bh_hypervisor_guest), 0, guest_exchange};

static bh_status console_open(bh_instance* self, const bh_call* call, bh_str vm, uint32_t type, bh_sink out,
                              bh_error* err) {
    ASK(.verb = BHGO_CONSOLE_OPEN, .self = self, .call = call, .text = {vm}, .number = type, .out = out, .err = err);
}
static const bh_hypervisor_console console_table = {sizeof(bh_hypervisor_console), 0, console_open};

/* Of a VM and a document; of a VM and a snapshot. */
#define CHANGES(name, which)                                                                           \
    static bh_status name(bh_instance* self, const bh_call* call, bh_str vm, bh_str text, bh_sink out, \
                          bh_error* err) {                                                             \
        ASK(.verb = which, .self = self, .call = call, .text = {vm, text}, .out = out, .err = err);    \
    }
#define GOES_TO(name, which)                                                                                   \
    static bh_status name(bh_instance* self, const bh_call* call, bh_str vm, bh_str snapshot, bh_error* err) { \
        ASK(.verb = which, .self = self, .call = call, .text = {vm, snapshot}, .err = err);                    \
    }
CHANGES(vm_reinstall, BHGO_VM_REINSTALL)
static const bh_hypervisor_reinstall reinstall_table = {sizeof(bh_hypervisor_reinstall), 0, vm_reinstall};

CHANGES(vm_resize, BHGO_VM_RESIZE)
static const bh_hypervisor_resize resize_table = {sizeof(bh_hypervisor_resize), 0, vm_resize};

CHANGES(snapshot_create, BHGO_SNAPSHOT_CREATE)
GOES_TO(snapshot_revert, BHGO_SNAPSHOT_REVERT)
GOES_TO(snapshot_delete, BHGO_SNAPSHOT_DELETE)
static bh_status snapshot_list(bh_instance* self, bh_str vm, bh_str page, bh_sink out, bh_error* err) {
    ASK(.verb = BHGO_SNAPSHOT_LIST, .self = self, .text = {vm, page}, .out = out, .err = err);
}
static const bh_hypervisor_snapshot snapshot_table = {
    sizeof(bh_hypervisor_snapshot), 0, snapshot_create, snapshot_revert, snapshot_delete, snapshot_list};

static const void* query(const char* id) {
    if (identity.chain && strcmp(id, BH_CHAIN) == 0) return &chain_table;
    if (identity.hypervisor && strcmp(id, BH_HYPERVISOR) == 0) return &hypervisor_table;
    if (identity.storage && strcmp(id, BH_STORAGE) == 0) return &storage_table;
    if (identity.ipv6 && strcmp(id, BH_IPV6) == 0) return &ipv6_table;
    if (identity.contract && strcmp(id, BH_CHAIN_CONTRACT) == 0) return &contract_table;
    if (identity.guest && strcmp(id, BH_HYPERVISOR_GUEST) == 0) return &guest_table;
    if (identity.console && strcmp(id, BH_HYPERVISOR_CONSOLE) == 0) return &console_table;
    if (identity.reinstall && strcmp(id, BH_HYPERVISOR_REINSTALL) == 0) return &reinstall_table;
    if (identity.resize && strcmp(id, BH_HYPERVISOR_RESIZE) == 0) return &resize_table;
    if (identity.snapshot && strcmp(id, BH_HYPERVISOR_SNAPSHOT) == 0) return &snapshot_table;
    return NULL;
}

const bh_plugin* bh_plugin_entry_v0(const bh_entry_args* args, bh_error* err) {
    static bh_plugin table;
    bhgo_args none = {.err = err};
    /* Waits for the Go runtime, which starts with the library and runs the plugin's init(). */
    if (bhgoEntry(&none, args->abi_draft) != BH_OK) return NULL;
    table = (bh_plugin){sizeof table, BH_ABI_MINOR, BH_ABI_DRAFT, 0,       identity.id, identity.version,
                        check,        create,       quiesce,      destroy, health,      query};
    return &table;
}
