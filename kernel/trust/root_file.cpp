#include "kernel/trust/root_file.hpp"

#include "kernel/ipc/fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace bh::trust {
namespace {

std::string parent_of(const std::string& path) { return std::filesystem::path{path}.parent_path().string(); }

Failure failed(const std::string& path, const char* what) {
    const bool denied = errno == EACCES || errno == EPERM || errno == EROFS;
    return {denied ? BH_E_DENIED : BH_E_UNAVAILABLE, denied ? "not_writable" : "file_error",
            path + " " + what + ": " + std::strerror(errno) + (denied ? "; only root may" : "")};
}

std::string name_of(uid_t owner) { return owner == 0 ? "root" : std::to_string(owner); }

Status check_private(const struct stat& info, const std::string& path, uid_t owner) {
    if (info.st_uid != owner)
        return Failure{BH_E_DENIED, "not_private",
                       path + " belongs to user " + std::to_string(info.st_uid) + ", not to " + name_of(owner) +
                           ": find out who made it, then `chown " + name_of(owner) + " " + path + "`"};
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return Failure{BH_E_DENIED, "not_private",
                       path + " can be written by others than " + name_of(owner) +
                           ": find out who changed it, then `chmod go-w " + path + "`"};
    return {};
}

Status sync_directory(const std::string& directory) {
    const Fd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd.valid() || ::fsync(fd.get()) != 0) return failed(directory, "can't be synced");
    return {};
}

bool write_all(int fd, const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t size = ::write(fd, text.data() + at, text.size() - at);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return false;
        at += static_cast<std::size_t>(size);
    }
    return true;
}

}  // namespace

Status check_private_directory(const std::string& directory, uid_t owner) {
    struct stat info{};
    if (::lstat(directory.c_str(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return Failure{BH_E_NOT_FOUND, "no_directory", "there is no directory " + directory};
        return failed(directory, "can't be looked at");
    }
    if (!S_ISDIR(info.st_mode)) return invalid("no_directory", directory + " is no directory");
    return check_private(info, directory, owner);
}

Result<std::string> read_private(const std::string& path, uid_t owner) {
    const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (!file.valid()) {
        if (errno == ENOENT || errno == ENOTDIR) return Failure{BH_E_NOT_FOUND, "no_file", "there is no file " + path};
        if (errno == ELOOP) return Failure{BH_E_DENIED, "not_private", path + " is a link: put the file itself there"};
        return Failure{BH_E_UNAVAILABLE, "file_error", path + " can't be read: " + std::strerror(errno)};
    }
    if (auto good = check_private_directory(parent_of(path), owner); !good) return good.failure();
    struct stat info{};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return invalid("file_error", path + " is not a regular file");
    if (auto good = check_private(info, path, owner); !good) return good.failure();
    std::string text(kMaxFileBytes + 1, '\0');
    std::size_t size = 0;
    for (;;) {
        const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Failure{BH_E_UNAVAILABLE, "file_error", path + " can't be read: " + std::strerror(errno)};
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
        if (size > kMaxFileBytes) return invalid("file_error", path + " is larger than 1 MiB");
    }
    text.resize(size);
    return text;
}

Status write_private(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    // What a killed attempt left behind.
    if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return failed(fresh, "can't be removed");
    const Fd file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)};
    if (!file.valid()) return failed(fresh, "can't be made");
    if (!write_all(file.get(), text) || ::fchmod(file.get(), 0644) != 0 || ::fsync(file.get()) != 0)
        return failed(fresh, "can't be written");
    if (::rename(fresh.c_str(), path.c_str()) != 0) return failed(path, "can't be replaced");
    return sync_directory(parent_of(path));
}

Status remove_private(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed(path, "can't be removed");
    return sync_directory(parent_of(path));
}

}  // namespace bh::trust
