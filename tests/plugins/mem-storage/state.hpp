// What the pretended storage keeps.
#pragma once

#include "plugin-api/documents/fields/storage.hpp"
#include "tests/plugins/state/backend.hpp"

namespace bh::mem {

struct StoredVolume {
    Volume volume;
    VolumeSpec spec;
};
template <class F>
void fields(F& f, Is<StoredVolume> auto& x) {
    f.required("volume", x.volume, "");
    f.required("spec", x.spec, "");
}

struct StorageState {
    std::vector<StoredVolume> volumes;
    std::vector<Image> images;                              // imported
    std::uint64_t capacity_bytes = std::uint64_t{1} << 40;  // of all volumes together
};
template <class F>
void fields(F& f, Is<StorageState> auto& x) {
    f.required("volumes", x.volumes, "");
    f.required("images", x.images, "");
    f.required("capacity_bytes", x.capacity_bytes, "");
}

using StorageBackend = Backend<StorageState>;

}  // namespace bh::mem
