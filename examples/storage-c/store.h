/* What the parts of the plugin share: an instance, and the verbs of bh.storage/1 by the thing that they are about.
 *
 * PATH/volumes/ID.raw     the volume
 * PATH/volumes/ID.spec    "SIZE\nSPEC": its size in bytes, and the specification as it came; written last, so that
 *                         what it tells of is whole
 * PATH/images/HEX.raw     an image, by its SHA-256; renamed into place when its digest was found right */
#ifndef STORE_H
#define STORE_H

#include "bhc.h"
#include "files.h"
#include "json.h"

enum { HEX_SIZE = 64 };

struct bh_instance {
    bhc_gate gate; /* first, for bhc_quiesce(); a volume is looked for and made by one verb at a time */
    const bh_kernel* kernel;
    const bh_svc_launch* launch;
    char root[ROOT_SIZE];
};

/* Fills err from errno: BH_E_EXHAUSTED for a full disk, else BH_E_UNAVAILABLE. */
bh_status file_failed(bh_error* err, const char* what);

/* The hex digits of a "sha256:..." under `key`; 0: it is something else. */
int digest_of(json_value document, const char* key, char (*hex)[HEX_SIZE + 1]);

/* images.c */
bh_status image_import(bh_instance* self, const bh_call* call, bh_str image, bh_sink out, bh_error* err);

/* volumes.c */
bh_status volume_create(bh_instance* self, const bh_call* call, bh_str spec, bh_sink out, bh_error* err);
bh_status volume_resize(bh_instance* self, const bh_call* call, bh_str text, uint64_t size_bytes, bh_error* err);
bh_status volume_delete(bh_instance* self, const bh_call* call, bh_str text, bh_error* err);
bh_status volume_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err);

#endif
