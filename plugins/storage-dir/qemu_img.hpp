// qemu-img, run through the kernel's launcher. Any thread.
#pragma once

#include "plugin-api/sdk/cpp/launch.hpp"

namespace storage_dir {

class QemuImg {
public:
    explicit QemuImg(bh::sdk::Launch launch) : launch_{launch} {}

    struct Info {
        std::uint64_t virtual_size = 0;
        std::string backing;  // "" = none; for an image anything else is a danger
    };
    // BH_E_INVALID: the file is not of this format.
    [[nodiscard]] bh::Result<Info> info(const std::string& path, const std::string& format) const;

    // A qcow2 file of `size`; with a backing file when `backing` is not empty. BH_E_EXHAUSTED: the disk is full.
    [[nodiscard]] bh::Status create(const std::string& path, const std::string& backing,
                                    const std::string& backing_format, std::uint64_t size) const;

    // BH_E_BUSY: the volume is in use by a running VM.
    [[nodiscard]] bh::Status grow(const std::string& path, std::uint64_t size) const;

private:
    [[nodiscard]] bh::Result<std::string> run(std::vector<std::string> args) const;
    bh::sdk::Launch launch_;
};

}  // namespace storage_dir
