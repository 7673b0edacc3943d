// storage-dir: volumes as qcow2 files with backing files, in a directory.
#pragma once

#include "plugins/storage-dir/config.hpp"
#include "plugins/storage-dir/volumes.hpp"

#include <memory>

namespace storage_dir {

class StorageDir {
public:
    static constexpr std::string_view kId = "org.blockhost.storage-dir";
    static constexpr std::string_view kVersion = "0.1.0";

    static bh::Result<std::unique_ptr<StorageDir>> create(const bh::sdk::Kernel& kernel, std::string_view config);
    static bh::Result<std::vector<bh::Finding>> check(const bh::sdk::Kernel& kernel, std::string_view config,
                                                      std::uint64_t deadline_ns);

    bh::Result<bh::StorageDescription> describe() const;
    bh::Result<std::vector<bh::Pool>> pools() const;
    bh::Result<bh::Image> image_import(const bh::sdk::Call& call, const bh::Image& image) const;
    bh::Result<bh::Volume> volume_create(const bh::sdk::Call& call, const bh::VolumeSpec& spec) const;
    bh::Status volume_resize(const bh::sdk::Call& call, const std::string& volume, std::uint64_t size_bytes) const;
    bh::Status volume_delete(const bh::sdk::Call& call, const std::string& volume) const;
    bh::Result<bh::VolumePage> volume_list(std::string_view page) const;
    bh::Result<std::string> health() const;

private:
    StorageDir(Config config, ImageStore images, Volumes volumes)
        : config_{std::move(config)}, images_{std::move(images)}, volumes_{std::move(volumes)} {}

    Config config_;
    ImageStore images_;
    Volumes volumes_;
};

}  // namespace storage_dir
