/* blockhost/ext/hypervisor_console.h - the console of a VM. */
#ifndef BH_EXT_HYPERVISOR_CONSOLE_H
#define BH_EXT_HYPERVISOR_CONSOLE_H
#include "../call.h"
#include "../plugin.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BH_HYPERVISOR_CONSOLE "bh.hypervisor.console/1"

enum { BH_CONSOLE_TEXT = 0, BH_CONSOLE_SCREEN = 1 };

typedef struct bh_hypervisor_console {
    uint32_t struct_size;
    uint32_t reserved0;

    /* out: console.json, either {"unix_path": ...} of a Unix socket or {"url": ...}, with its protocol
     * and expiry. Good for one connection, and a secret: the kernel relays the console and shows
     * the document to nobody. [concurrent] */
    bh_status (*console_open)(bh_instance* self, const bh_call* call, bh_str vm, uint32_t type,
                              bh_sink out, bh_error* err) BH_NOEXCEPT;
} bh_hypervisor_console;

#ifdef __cplusplus
}
#endif
#endif
