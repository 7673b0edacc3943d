// The members of the documents in storage.hpp; see codec.hpp.
#pragma once

#include "plugin-api/documents/fields/common.hpp"
#include "plugin-api/documents/storage.hpp"

namespace bh {

struct PoolList {
    std::vector<Pool> pools;
};

template <class F>
void fields(F& f, Is<StorageDescription> auto& x) {
    f.required("volume_kinds", x.volume_kinds, "Kinds of volumes it makes: file, block ...");
    f.optional("features", x.features, "Optional features: grow, clone, reflink ...");
}

template <class F>
void fields(F& f, Is<Pool> auto& x) {
    f.required("id", x.id, "Name of the place.");
    f.optional("path", x.path, "Where it is.");
    f.required("size_bytes", x.size_bytes, "Size.");
    f.required("free_bytes", x.free_bytes, "Free.");
    f.optional("erases", x.erases, "Whether using it would destroy data.");
    f.optional("warning", x.warning, "In plain words what would be erased.");
}

template <class F>
void fields(F& f, Is<PoolList> auto& x) {
    f.required("pools", x.pools, "The places found on this machine.");
}

template <class F>
void fields(F& f, Is<Image> auto& x) {
    f.required("name", x.name, "Name of the image, such as debian-12.");
    f.required("digest", x.digest, "sha256: and the hex digest of the disk file.");
    f.required("path", x.path, "Absolute path of the disk file.");
    f.required("format", x.format, "raw or qcow2.");
    f.required("size_bytes", x.size_bytes, "Virtual size.");
    f.optional("kernel", x.kernel, "Direct boot: path of the kernel.");
    f.optional("initrd", x.initrd, "Direct boot: path of the initial RAM disk.");
    f.optional("cmdline", x.cmdline, "Direct boot: command line of the kernel.");
    f.optional("built_at", x.built_at, "When it was built.");
}

template <class F>
void fields(F& f, Is<VolumeSpec> auto& x) {
    f.required("name", x.name, "A name for people.");
    f.optional("image_digest", x.image_digest, "Image to clone; empty: an empty volume.");
    f.required("size_bytes", x.size_bytes, "Size.");
    f.optional("tags", x.tags, "What it is for.");
}

template <class F>
void fields(F& f, Is<Volume> auto& x) {
    f.required("volume", x.volume, "Id of this backend: what later verbs take.");
    f.required("created_by", x.created_by, "op_id that made it.");
    f.required("instance", x.instance, "Plugin instance that holds it.");
    f.required("kind", x.kind, "Kind of volume.");
    f.optional("path", x.path, "Kind file: absolute path.");
    f.optional("format", x.format, "raw or qcow2.");
    f.optional("backing", x.backing, "Path of the backing file, which whoever opens the volume needs, too.");
    f.required("size_bytes", x.size_bytes, "Size.");
    f.optional("tags", x.tags, "What it is for.");
}

template <class F>
void fields(F& f, Is<VolumePage> auto& x) {
    f.required("volumes", x.volumes, "Volumes this plugin made.");
    f.optional("next", x.next, "Token of the next page; empty: this is the last.");
}

}  // namespace bh
