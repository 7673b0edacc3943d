// The images of a pool: images/HEX.img and HEX.json, named by the sha256 of the file, never changed once they are
// there.
#pragma once

#include "plugins/storage-dir/qemu_img.hpp"

#include "plugin-api/documents/storage.hpp"
#include "plugin-api/sdk/cpp/call.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace storage_dir {

class ImageStore {
public:
    ImageStore(std::string directory, QemuImg qemu_img) : directory_{std::move(directory)}, qemu_img_{qemu_img} {}

    // Copies the image into the pool unless it is there, and verifies the digest on the way. The result is the image
    // with its path in the pool. Volumes may name it by its digest from then on. BH_PENDING while another import runs.
    [[nodiscard]] bh::Result<bh::Image> import(const bh::sdk::Call& call, const bh::Image& image) const;

    // nullopt: it was not imported.
    [[nodiscard]] bh::Result<std::optional<bh::Image>> find(const std::string& digest) const;

private:
    // The image as it is in the pool; nullopt: it is not, or not whole.
    [[nodiscard]] bh::Result<std::optional<bh::Image>> in_pool(const bh::Image& image) const;
    [[nodiscard]] bh::Result<bh::Image> adopt(const bh::Image& image, const std::string& hex,
                                              const std::string& copy) const;
    std::string directory_;
    QemuImg qemu_img_;
    std::shared_ptr<std::mutex> importing_ = std::make_shared<std::mutex>();
};

}  // namespace storage_dir
