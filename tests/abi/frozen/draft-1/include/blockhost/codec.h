/* blockhost/codec.h - reads the transactions of a chain for the signer, which has no decoder of its own for them.
 *
 * A codec is a plugin like others (one symbol, plugin.json, a pinned hash) whose query() finds BH_CODEC; alone, or
 * beside a kind. Only blockhost-signer uses it, when its operator names it in signer.yaml: in a process that lives
 * for one payload, in a sandbox without network, files and keys, for at most five seconds. create() is never called.
 *
 * What a codec says is believed: the signer judges the intent and signs the preimage, and can't see whether one is
 * what the other says. A codec that lies can therefore have anything signed with the key of its scheme, which is why
 * that key is used for nothing else. Not part of blockhost.h: the kernel does not know codecs. */
#ifndef BH_CODEC_H
#define BH_CODEC_H
#include "plugin.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BH_CODEC "bh.codec/1"

typedef struct bh_codec {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Pure: the same payload, the same answer. `payload`: the unsigned transaction, at most 64 KiB, as the plugin
     * gave it to BH_SVC_SIGNER under `scheme`. intent: what it does, as bh-intent-1 text in its one spelling (fee: the
     * most it may cost). preimage: the bytes whose hash the chain wants signed, at most 64 KiB; which hash that is
     * stands in signer.yaml. BH_E_INVALID: is not a transaction of this scheme, or does more than an intent can
     * say. Both outputs count only with BH_OK. [any-thread] */
    bh_status (*decode)(bh_str scheme, bh_bytes payload, bh_sink intent, bh_sink preimage,
                        bh_error* err) BH_NOEXCEPT;
} bh_codec;

#ifdef __cplusplus
}
#endif
#endif
