#include "plugins/storage-dir/storage_dir.hpp"

#include "plugins/storage-dir/places.hpp"

#include "plugin-api/sdk/cpp/durable_file.hpp"
#include "plugin-api/sdk/cpp/plugin.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

namespace storage_dir {
namespace {

// The users of the VMs pass through, and look at nothing.
constexpr mode_t kDirectoryMode = 0711;

bh::Result<Config> read_config(std::string_view text) {
    auto config = bh::read_document<Config>(text);
    if (!config) return config.failure();
    if (config->path.size() < 2 || config->path.front() != '/')
        return bh::invalid("path", "/path must be an absolute path");
    while (config->path.size() > 1 && config->path.back() == '/') config->path.pop_back();
    return config;
}

bh::Status make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), kDirectoryMode) == 0) {
        if (::chmod(path.c_str(), kDirectoryMode) != 0) return bh::sdk::file_failure("set the mode of", path);
        return {};
    }
    struct stat now{};
    if (errno != EEXIST || ::stat(path.c_str(), &now) != 0 || !S_ISDIR(now.st_mode))
        return bh::sdk::file_failure("make the directory", path);
    if (::access(path.c_str(), W_OK | X_OK) == 0) return {};
    return bh::Failure{BH_E_DENIED, "pool_owner",
                       path + " can't be written here: give it to this instance's user (README.md: owners)"};
}

}  // namespace

bh::Result<std::unique_ptr<StorageDir>> StorageDir::create(const bh::sdk::Kernel& kernel, std::string_view text) {
    auto config = read_config(text);
    if (!config) return config.failure();
    const std::string images = config->path + "/images", volumes = config->path + "/volumes";
    for (const auto& path : {config->path, images, volumes}) {
        if (auto made = make_directory(path); !made) return made.failure();
    }
    const QemuImg qemu_img{kernel.launch()};
    const ImageStore store{images, qemu_img};
    Volumes all{volumes, kernel.instance(), config->reserve_bytes, store, qemu_img};
    return std::unique_ptr<StorageDir>{new StorageDir{std::move(*config), store, std::move(all)}};
}

bh::Result<std::vector<bh::Finding>> StorageDir::check(const bh::sdk::Kernel&, std::string_view text, std::uint64_t) {
    const auto config = read_config(text);
    if (!config)
        return std::vector<bh::Finding>{
            {"/path", "error", config.failure().message, "name a directory such as /var/lib/blockhost/pool"}};
    std::vector<bh::Finding> findings;
    const std::string parent = config->path.substr(0, std::max<std::size_t>(1, config->path.rfind('/')));
    const std::string& place = ::access(config->path.c_str(), F_OK) == 0 ? config->path : parent;
    struct statvfs now{};
    if (::access(place.c_str(), W_OK | X_OK) != 0) {
        findings.push_back({"/path", "error", place + " can't be written here: " + std::strerror(errno),
                            "make it, and give it to this instance's user"});
    } else if (::statvfs(place.c_str(), &now) == 0 &&
               std::uint64_t{now.f_bavail} * now.f_frsize < config->reserve_bytes) {
        findings.push_back({"/reserve_bytes", "warning", "less is free there now: no volume would be made",
                            "choose a larger file system or a smaller reserve"});
    }
    return findings;
}

bh::Result<bh::StorageDescription> StorageDir::describe() const {
    return bh::StorageDescription{{"file"}, {"clone", "grow"}};
}

bh::Result<std::vector<bh::Pool>> StorageDir::pools() const { return find_places(config_.path); }

bh::Result<bh::Image> StorageDir::image_import(const bh::sdk::Call& call, const bh::Image& image) const {
    return images_.import(call, image);
}

bh::Result<bh::Volume> StorageDir::volume_create(const bh::sdk::Call& call, const bh::VolumeSpec& spec) const {
    return volumes_.create(call, spec);
}

bh::Status StorageDir::volume_resize(const bh::sdk::Call&, const std::string& volume, std::uint64_t size_bytes) const {
    return volumes_.resize(volume, size_bytes);
}

bh::Status StorageDir::volume_delete(const bh::sdk::Call&, const std::string& volume) const {
    return volumes_.remove(volume);
}

bh::Result<bh::VolumePage> StorageDir::volume_list(std::string_view page) const { return volumes_.list(page); }

bh::Result<std::string> StorageDir::health() const {
    struct statvfs now{};
    if (::statvfs(config_.path.c_str(), &now) != 0) return bh::sdk::file_failure("look at", config_.path);
    return config_.path + ": " + std::to_string(std::uint64_t{now.f_bavail} * now.f_frsize >> 20) + " MiB free";
}

}  // namespace storage_dir
