#include "kernel/launch/paths.hpp"

#include "kernel/ipc/fd.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bh::launch {
namespace {

constexpr mode_t kDirectoryMode = 02770;

Failure denied(const std::string& path, const std::string& why) { return {BH_E_DENIED, "path", path + ": " + why}; }

Failure failed(const std::string& path, const char* what, int error) {
    const bh_status code = error == ENOENT ? BH_E_NOT_FOUND : error == ENOSPC ? BH_E_EXHAUSTED : BH_E_DENIED;
    return {code, "path", path + ": cannot " + what + " (" + std::strerror(error) + ")"};
}

int open_beneath(int directory, const char* relative, std::uint64_t flags) {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(::syscall(SYS_openat2, directory, relative, &how, sizeof how));
}

struct Place {
    Fd directory;          // the allowed directory
    std::string relative;  // of the path, below it
};

// The longest allowed directory that holds `path`. The directory's own path is not followed through links either.
Result<Place> place_of(const std::vector<std::string>& directories, const std::string& path) {
    const std::string* best = nullptr;
    for (const auto& directory : directories) {
        const bool holds =
            path.size() > directory.size() + 1 && path.starts_with(directory) && path[directory.size()] == '/';
        if (holds && (best == nullptr || directory.size() > best->size())) best = &directory;
    }
    if (best == nullptr) return denied(path, "is in none of the instance's directories (launch.yaml: directories)");
    Fd root{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    Fd directory{open_beneath(root.get(), best->c_str() + 1, O_PATH | O_DIRECTORY)};
    if (!directory.valid()) return failed(*best, "open the directory without following links", errno);
    return Place{std::move(directory), path.substr(best->size() + 1)};
}

Status make_directory(const Place& place, const std::string& path, gid_t group) {
    const std::size_t slash = place.relative.rfind('/');
    Fd parent{::dup(place.directory.get())};
    if (slash != std::string::npos) {
        parent = Fd{open_beneath(place.directory.get(), place.relative.substr(0, slash).c_str(), O_PATH | O_DIRECTORY)};
    }
    if (!parent.valid()) return failed(path, "open its parent directory", errno);
    const std::string name = slash == std::string::npos ? place.relative : place.relative.substr(slash + 1);
    if (::mkdirat(parent.get(), name.c_str(), 0700) != 0) {
        return errno == EEXIST ? Status{} : failed(path, "make the directory", errno);
    }
    const Fd made{open_beneath(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY)};
    if (!made.valid() || ::fchown(made.get(), static_cast<uid_t>(-1), group) != 0 ||
        ::fchmod(made.get(), kDirectoryMode) != 0) {
        return failed(path, "give the new directory its mode", errno);
    }
    return {};
}

Status give(int fd, const struct stat& now, const std::string& path, const Grantee& grantee) {
    if (now.st_uid == grantee.unit_uid && now.st_gid == grantee.kernel_gid) return {};
    // Root's directories are those made a moment ago (or by a launcher that died right then): never its files.
    const bool own = now.st_uid == grantee.kernel_uid || now.st_uid == grantee.unit_uid ||
                     (now.st_uid == 0 && S_ISDIR(now.st_mode) && now.st_gid == grantee.kernel_gid);
    if (!own && !grantee.may_take(now.st_uid, path)) {
        return denied(path, "belongs to user " + std::to_string(now.st_uid) +
                                ", neither the kernel nor this unit nor a worker that may write there");
    }
    if (S_ISREG(now.st_mode) && now.st_nlink != 1) return denied(path, "has a second name (hard link)");
    if (::fchownat(fd, "", grantee.unit_uid, grantee.kernel_gid, AT_EMPTY_PATH) != 0)
        return failed(path, "give it to the unit", errno);
    return {};
}

}  // namespace

Status grant_path(const std::vector<std::string>& directories, const UnitPath& path, const Grantee& grantee) {
    const bool directory = path.kind == "directory";
    if (!directory && path.kind != "file") return invalid("path_kind", path.path + ": kind must be file or directory");
    if (path.access != "ro" && path.access != "rw")
        return invalid("path_access", path.path + ": access must be ro or rw");
    auto place = place_of(directories, path.path);
    if (!place) return place.failure();
    if (directory && path.access == "rw") {
        if (auto made = make_directory(*place, path.path, grantee.kernel_gid); !made) return made.failure();
    }
    const Fd fd{open_beneath(place->directory.get(), place->relative.c_str(), O_PATH)};
    if (!fd.valid()) return failed(path.path, "open it without following links", errno);
    struct stat now{};
    if (::fstat(fd.get(), &now) != 0) return failed(path.path, "look at it", errno);
    if (directory ? !S_ISDIR(now.st_mode) : !S_ISREG(now.st_mode)) return denied(path.path, "is no " + path.kind);
    if (path.access == "rw") return give(fd.get(), now, path.path, grantee);
    // Shared things stay whose they are: the unit reads them like everybody else.
    if ((now.st_mode & S_IROTH) == 0)
        return denied(path.path, "can't be read by the unit: its mode must let others read");
    return {};
}

bool is_gone(const std::vector<std::string>& directories, const std::string& path) {
    auto place = place_of(directories, path);
    if (!place) return false;
    const Fd fd{open_beneath(place->directory.get(), place->relative.c_str(), O_PATH)};
    return !fd.valid() && (errno == ENOENT || errno == ENOTDIR);
}

}  // namespace bh::launch
