#include "plugins/storage-dir/volumes.hpp"

#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>

namespace storage_dir {
namespace {

constexpr std::size_t kPage = 200;
constexpr std::uint64_t kSector = 512, kMaxSize = std::uint64_t{1} << 46;
// The launcher gives the file to its VM's user; the kernel's group keeps the right to grow it.
constexpr mode_t kVolumeMode = 0660;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bh::Status remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return bh::sdk::file_failure("remove", path);
    return {};
}

bh::Status check_id(const std::string& volume) {
    if (is_op_id(volume)) return {};
    return bh::invalid("volume_id", "a volume's id is its op_id, [a-z0-9-]{1,64}");
}

bh::Status check_size(std::uint64_t size) {
    if (size >= kSector && size % kSector == 0 && size <= kMaxSize) return {};
    return bh::invalid("size", "size_bytes must be a multiple of 512 from 512 to 64 TiB");
}

}  // namespace

bh::Status Volumes::check_room() const {
    struct statvfs now{};
    if (::statvfs(directory_.c_str(), &now) != 0) return bh::sdk::file_failure("look at", directory_);
    const std::uint64_t free = std::uint64_t{now.f_bavail} * now.f_frsize;
    if (free >= reserve_bytes_) return {};
    return bh::Failure{BH_E_EXHAUSTED, "reserve",
                       "the pool has " + std::to_string(free) +
                           " bytes free, less than its reserve: free some, or lower reserve_bytes"};
}

// What the volume will be. Nothing is made.
bh::Result<Record> Volumes::plan(const std::string& op_id, const bh::VolumeSpec& spec) const {
    if (auto good = check_size(spec.size_bytes); !good) return good.failure();
    Record record{"making", spec, {}};
    bh::Volume& volume = record.volume;
    volume.volume = op_id;
    volume.created_by = op_id;
    volume.instance = instance_;
    volume.kind = "file";
    volume.path = directory_ + "/" + op_id + ".qcow2";
    volume.format = "qcow2";
    volume.size_bytes = spec.size_bytes;
    volume.tags = spec.tags;
    if (spec.image_digest.empty()) return record;
    const auto image = images_.find(spec.image_digest);
    if (!image) return image.failure();
    if (!*image)
        return bh::invalid("image_unknown", "the image " + spec.image_digest + " was not imported into this pool");
    if ((*image)->size_bytes > spec.size_bytes) {
        return bh::invalid("size", "the image needs " + std::to_string((*image)->size_bytes) +
                                       " bytes, the volume has less: choose a larger plan");
    }
    volume.backing = (*image)->path;
    return record;
}

bh::Status Volumes::make(const Record& record) const {
    const std::string fresh = unfinished(record.volume.volume);
    if (auto removed = remove_file(fresh); !removed) return removed;
    std::string format;
    if (!record.volume.backing.empty()) {
        const auto image = images_.find(record.spec.image_digest);
        if (!image) return image.failure();
        if (!*image) return bh::invalid("image_unknown", "the image was removed from the pool");
        format = (*image)->format;
    }
    if (auto made = qemu_img_.create(fresh, record.volume.backing, format, record.volume.size_bytes); !made)
        return made;
    if (::chmod(fresh.c_str(), kVolumeMode) != 0 || ::rename(fresh.c_str(), record.volume.path.c_str()) != 0) {
        return bh::sdk::file_failure("put in place", record.volume.path);
    }
    return bh::sdk::sync_directory(directory_);
}

bh::Result<bh::Volume> Volumes::create(const bh::sdk::Call& call, const bh::VolumeSpec& spec) const {
    const std::string op_id = call.op_id();
    if (auto good = check_id(op_id); !good) return good.failure();
    const auto known = records_.find(op_id);
    if (!known) return known.failure();
    if (*known && !((*known)->spec == spec))
        return bh::Failure{BH_E_CONFLICT, "other_spec", "a volume with this op_id and another spec exists"};
    if (*known && exists((*known)->volume.path)) {
        if ((*known)->state == "ready") return (*known)->volume;
    } else if (*known && (*known)->state == "ready") {
        return bh::Failure{
            BH_E_CORRUPT, "volume_lost",
            (*known)->volume.path + " is gone, but nobody deleted the volume: restore it, or delete the volume"};
    }
    if (exists(directory_ + "/" + op_id + ".qcow2") && !*known) {
        return bh::Failure{BH_E_CONFLICT, "foreign_file",
                           directory_ + "/" + op_id + ".qcow2 exists and was not made here"};
    }
    auto record = plan(op_id, spec);
    if (!record) return record.failure();
    if (const auto stop = call.stop()) {
        // What an earlier attempt left unfinished goes; an interruption undoes nothing.
        if (*known && stop->code != BH_E_INTERRUPTED) {
            if (auto removed = remove(op_id); !removed) return removed.failure();
        }
        return *stop;
    }
    if (!*known || !exists(record->volume.path)) {
        if (auto room = check_room(); !room) return room.failure();
        if (auto saved = records_.save(op_id, *record); !saved) return saved.failure();
        if (auto made = make(*record); !made) {
            (void)remove_file(unfinished(op_id));
            // After an unclear outcome the record stays, so that the next attempt and the list know of it.
            if (made.failure().code != BH_E_UNKNOWN_OUTCOME) (void)records_.remove(op_id);
            return made.failure();
        }
    }
    record->state = "ready";
    if (auto saved = records_.save(op_id, *record); !saved) return saved.failure();
    return record->volume;
}

bh::Status Volumes::resize(const std::string& volume, std::uint64_t size_bytes) const {
    if (auto good = check_id(volume); !good) return good;
    if (auto good = check_size(size_bytes); !good) return good;
    auto known = records_.find(volume);
    if (!known) return known.failure();
    if (!*known) return bh::Failure{BH_E_NOT_FOUND, "no_volume", "there is no volume " + volume};
    Record record = std::move(**known);
    if (record.volume.size_bytes >= size_bytes) return {};
    if (auto grown = qemu_img_.grow(record.volume.path, size_bytes); !grown) return grown;
    record.volume.size_bytes = size_bytes;
    return records_.save(volume, record);
}

bh::Status Volumes::remove(const std::string& volume) const {
    if (auto good = check_id(volume); !good) return good;
    const auto known = records_.find(volume);
    if (!known) return known.failure();
    const std::string path = directory_ + "/" + volume + ".qcow2";
    if (!*known) {
        if (!exists(path)) return {};
        return bh::Failure{BH_E_DENIED, "foreign_file", path + " was not made here and is left alone"};
    }
    for (const auto& file : {path, unfinished(volume)}) {
        if (auto removed = remove_file(file); !removed) return removed;
    }
    if (auto synced = bh::sdk::sync_directory(directory_); !synced) return synced;
    // The record last: as long as anything is left, it is known.
    return records_.remove(volume);
}

bh::Result<bh::VolumePage> Volumes::list(std::string_view page) const {
    const auto op_ids = records_.op_ids(page, kPage);
    if (!op_ids) return op_ids.failure();
    bh::VolumePage out;
    for (const auto& op_id : *op_ids) {
        auto record = records_.find(op_id);
        if (!record) return record.failure();
        if (*record) out.volumes.push_back(std::move((*record)->volume));
    }
    if (op_ids->size() == kPage) out.next = op_ids->back();
    return out;
}

}  // namespace storage_dir
