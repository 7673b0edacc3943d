// Documents of the kind `bh.storage/1`: schemas/storage/1/.
#pragma once

#include "plugin-api/documents/common.hpp"

namespace bh {

struct StorageDescription {
    std::vector<std::string> volume_kinds;  // "file", "block" ...
    std::vector<std::string> features;      // "grow", "clone", "reflink"
};
Result<StorageDescription> parse_storage_description(std::string_view json);
std::string to_json(const StorageDescription& description);

struct Pool {
    std::string id, path;
    std::uint64_t size_bytes = 0, free_bytes = 0;
    bool erases = false;  // using it would destroy data
    std::string warning;  // in plain words what would be erased; "" if nothing
};
Result<std::vector<Pool>> parse_pools(std::string_view json);
std::string to_json(const std::vector<Pool>& pools);

// A guest image, as `blockhost image build` records it (image.json beside the files).
struct Image {
    std::string name;              // "debian-12"
    std::string digest;            // "sha256:<hex>" of the disk file
    std::string path;              // absolute path of the disk file
    std::string format;            // "raw" | "qcow2"
    std::uint64_t size_bytes = 0;  // virtual size
    // Direct kernel boot, for hypervisors that can; empty: the disk boots by itself.
    std::string kernel, initrd, cmdline;
    UnixTime built_at;
};
Result<Image> parse_image(std::string_view json);
std::string to_json(const Image& image);

struct VolumeSpec {
    std::string name;          // for people: "bh-7-system"
    std::string image_digest;  // "" = empty volume
    std::uint64_t size_bytes = 0;
    Tags tags;
    bool operator==(const VolumeSpec&) const = default;
};
Result<VolumeSpec> parse_volume_spec(std::string_view json);
std::string to_json(const VolumeSpec& spec);

struct Volume {
    std::string volume;      // id of this backend: what later verbs take (this whole document may be passed, too)
    std::string created_by;  // op_id
    std::string instance;    // plugin instance that holds it
    std::string kind;        // "file"
    std::string path;        // kind "file": absolute path
    std::string format;      // "qcow2" | "raw"
    std::string backing;     // path of the backing file, "" = none (whoever opens the volume needs it, too)
    std::uint64_t size_bytes = 0;
    Tags tags;
};
Result<Volume> parse_volume(std::string_view json);
std::string to_json(const Volume& volume);

struct VolumePage {
    std::vector<Volume> volumes;
    std::string next;
};
Result<VolumePage> parse_volume_page(std::string_view json);
std::string to_json(const VolumePage& page);

}  // namespace bh
