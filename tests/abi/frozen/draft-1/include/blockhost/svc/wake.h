/* blockhost/svc/wake.h - say that there is something new to look at.
 *
 * Chains are polled: the kernel asks, and believes nothing that it did not ask for. A plugin that
 * hears of a new block by itself (a node's subscription, a file that changed) saves the wait until
 * the next poll. It tells nothing else: what is new the poll finds out, and verifies as always. */
#ifndef BH_SVC_WAKE_H
#define BH_SVC_WAKE_H
#include "../kernel.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BH_SVC_WAKE "bh.svc.wake/1"

typedef struct bh_svc_wake {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Polls this instance as soon as may be. A poll that runs already is followed by another one.
     * Calls are merged: about ten polls a second at most are made for them, the rest waits for the
     * next, so call it for every piece of news and count nothing. Nothing happens for an instance that is no
     * chain, or before the kernel has begun to poll, which it does by itself. The poll's answer may
     * say that it need not be repeated soon: "wakes" in chain-events.json. [any-thread, no-block] */
    void (*poll_now)(const bh_kernel* kernel) BH_NOEXCEPT;
} bh_svc_wake;

#ifdef __cplusplus
}
#endif
#endif
