#include "plugins/storage-dir/places.hpp"

#include <mntent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <set>

namespace storage_dir {
namespace {

constexpr std::array<std::string_view, 7> kDiskTypes = {"ext4", "ext3", "ext2", "xfs", "btrfs", "zfs", "f2fs"};

bool measure(bh::Pool& pool) {
    struct statvfs now{};
    if (::statvfs(pool.path.c_str(), &now) != 0) return false;
    pool.size_bytes = std::uint64_t{now.f_blocks} * now.f_frsize;
    pool.free_bytes = std::uint64_t{now.f_bavail} * now.f_frsize;
    return (now.f_flag & ST_RDONLY) == 0;
}

}  // namespace

bh::Result<std::vector<bh::Pool>> find_places(const std::string& configured) {
    std::vector<bh::Pool> places;
    bh::Pool pool{configured, configured, 0, 0, false, ""};
    struct stat now{};
    std::set<dev_t> seen;
    if (::stat(configured.c_str(), &now) == 0 && measure(pool)) {
        seen.insert(now.st_dev);
        places.push_back(std::move(pool));
    }
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> mounts{::setmntent("/proc/self/mounts", "r"), &::endmntent};
    if (!mounts) return places;
    mntent entry{};
    char buffer[4096];
    while (::getmntent_r(mounts.get(), &entry, buffer, sizeof buffer) != nullptr) {
        if (std::ranges::find(kDiskTypes, std::string_view{entry.mnt_type}) == kDiskTypes.end()) continue;
        bh::Pool place{entry.mnt_dir, entry.mnt_dir, 0, 0, false, ""};
        // One file system may be mounted in several places; the first is enough.
        if (::stat(entry.mnt_dir, &now) != 0 || !S_ISDIR(now.st_mode) || !measure(place) ||
            !seen.insert(now.st_dev).second)
            continue;
        places.push_back(std::move(place));
    }
    return places;
}

}  // namespace storage_dir
