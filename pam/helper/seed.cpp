#include "pam/helper/seed.hpp"

#include "pam/guest/files.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace bh::guest {
namespace {

constexpr std::size_t kHead = 34 * 1024;
constexpr std::size_t kIsoDescriptor = 32 * 1024;  // ECMA-119: sector 16

// "CIDATA   " -> is it our label?
bool is_label(std::string_view field) {
    field = field.substr(0, field.find_last_not_of(" \0", std::string_view::npos, 2) + 1);
    constexpr std::string_view kLabel = "cidata";
    return std::ranges::equal(field, kLabel,
                              [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

std::string head_of(const std::string& device) {
    std::string head(kHead, '\0');
    const int fd = ::open(device.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return {};
    const ssize_t got = ::pread(fd, head.data(), head.size(), 0);
    ::close(fd);
    head.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return head;
}

class Mount {
public:
    Mount(const std::string& device, const std::string& point, SeedKind kind) : point_{point} {
        mounted_ = ::mount(device.c_str(), point.c_str(), kind == SeedKind::kFat ? "vfat" : "iso9660",
                           MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
        error_ = errno;
    }
    Mount(const Mount&) = delete;
    Mount& operator=(const Mount&) = delete;
    ~Mount() {
        if (mounted_) ::umount2(point_.c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool mounted() const { return mounted_; }
    [[nodiscard]] std::string error() const { return std::strerror(error_); }

private:
    const std::string& point_;
    bool mounted_;
    int error_;
};

Result<FirstBoot> read_mounted(const std::string& device, SeedKind kind, const std::string& mount_point) {
    if (Status made = make_directory(mount_point, 0700); !made) return made.failure();
    const Mount mount{device, mount_point, kind};
    if (!mount.mounted())
        return Failure{BH_E_UNAVAILABLE, "no_seed", "the seed " + device + " cannot be mounted: " + mount.error()};
    const Result<std::string> user_data = read_file(mount_point + "/user-data", kMaxUserData);
    if (!user_data) return user_data.failure();
    const Result<std::string> meta_data = read_file(mount_point + "/meta-data", kMaxUserData);
    if (!meta_data) return meta_data.failure();
    return parse_first_boot(*user_data, *meta_data);
}

}  // namespace

std::optional<SeedKind> seed_kind(std::string_view head) {
    if (head.size() >= kIsoDescriptor + 72 && head.substr(kIsoDescriptor + 1, 5) == "CD001") {
        if (is_label(head.substr(kIsoDescriptor + 40, 32))) return SeedKind::kIso9660;
    }
    if (head.size() >= 512 && head.substr(510, 2) == "\x55\xaa") {
        const bool fat16 = head.substr(54, 3) == "FAT" && is_label(head.substr(43, 11));
        const bool fat32 = head.substr(82, 5) == "FAT32" && is_label(head.substr(71, 11));
        if (fat16 || fat32) return SeedKind::kFat;
    }
    return std::nullopt;
}

Result<FirstBoot> read_seed(const std::string& mount_point) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{"/sys/class/block", error}) {
        const std::string device = "/dev/" + entry.path().filename().string();
        if (const auto kind = seed_kind(head_of(device))) return read_mounted(device, *kind, mount_point);
    }
    return Failure{BH_E_NOT_FOUND, "no_seed", "no block device has the label cidata"};
}

}  // namespace bh::guest
