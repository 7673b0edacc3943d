/* blockhost/ext/hypervisor_guest.h - talk to the guest helper inside a VM. */
#ifndef BH_EXT_HYPERVISOR_GUEST_H
#define BH_EXT_HYPERVISOR_GUEST_H
#include "../call.h"
#include "../plugin.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BH_HYPERVISOR_GUEST "bh.hypervisor.guest/1"

typedef struct bh_hypervisor_guest {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Sends one request and writes its answer, over the hypervisor's own channel (virtio-serial,
     * guest agent), never the network. The guest answers at once; what it wants to ask by itself
     * waits for the kernel's next poll request. Frames resync after a cut. At most 16 KiB each way.
     * The plugin carries the bytes and does not read them: the answer is a tenant's word. A request
     * may arrive twice. One exchange per VM at a time: BH_E_BUSY. BH_E_UNAVAILABLE while no helper
     * answers. [concurrent] */
    bh_status (*guest_exchange)(bh_instance* self, const bh_call* call, bh_str vm, bh_bytes request,
                                bh_sink answer, bh_error* err) BH_NOEXCEPT;
} bh_hypervisor_guest;

#ifdef __cplusplus
}
#endif
#endif
