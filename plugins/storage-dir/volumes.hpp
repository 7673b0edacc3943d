// The volumes of a pool: volumes/OP_ID.qcow2 with OP_ID.json beside it (record.hpp). Nothing without a record is ever
// touched. Calls about one op_id come one at a time; different ones may overlap.
#pragma once

#include "plugins/storage-dir/image_store.hpp"
#include "plugins/storage-dir/record.hpp"

namespace storage_dir {

class Volumes {
public:
    Volumes(std::string directory, std::string instance, std::uint64_t reserve_bytes, ImageStore images,
            QemuImg qemu_img)
        : directory_{std::move(directory)},
          instance_{std::move(instance)},
          reserve_bytes_{reserve_bytes},
          images_{std::move(images)},
          qemu_img_{qemu_img},
          records_{directory_} {}

    [[nodiscard]] bh::Result<bh::Volume> create(const bh::sdk::Call& call, const bh::VolumeSpec& spec) const;
    [[nodiscard]] bh::Status resize(const std::string& volume, std::uint64_t size_bytes) const;
    [[nodiscard]] bh::Status remove(const std::string& volume) const;
    [[nodiscard]] bh::Result<bh::VolumePage> list(std::string_view page) const;

private:
    [[nodiscard]] bh::Result<Record> plan(const std::string& op_id, const bh::VolumeSpec& spec) const;
    [[nodiscard]] bh::Status make(const Record& record) const;
    [[nodiscard]] bh::Status check_room() const;
    [[nodiscard]] std::string unfinished(const std::string& op_id) const { return directory_ + "/." + op_id + ".new"; }

    std::string directory_, instance_;
    std::uint64_t reserve_bytes_;
    ImageStore images_;
    QemuImg qemu_img_;
    Records records_;
};

}  // namespace storage_dir
