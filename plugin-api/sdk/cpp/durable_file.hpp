// Small files that are whole or absent, also after a crash. For what a plugin keeps on disk. Any thread.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

namespace bh::sdk {

// BH_E_EXHAUSTED for a full disk or quota, BH_E_UNAVAILABLE for everything else. Uses errno.
inline Failure file_failure(const std::string& what, const std::string& path) {
    const int error = errno;
    const bool full = error == ENOSPC || error == EDQUOT;
    return {full ? BH_E_EXHAUSTED : BH_E_UNAVAILABLE, full ? "disk_full" : "file",
            "cannot " + what + " " + path + ": " + std::strerror(error)};
}

// Makes names that were made, replaced or removed in `directory` durable.
inline Status sync_directory(const std::string& directory) {
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || ::fsync(fd) != 0) {
        Failure failure = file_failure("sync", directory);
        if (fd >= 0) ::close(fd);
        return failure;
    }
    ::close(fd);
    return {};
}

// Replaces `directory`/`name` by `text`, or leaves it as it was.
inline Status write_durably(const std::string& directory, const std::string& name, const std::string& text,
                            mode_t mode) {
    const std::string path = directory + "/" + name, fresh = directory + "/." + name + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) return file_failure("write", path);
    std::size_t done = 0;
    bool good = ::fchmod(fd, mode) == 0;
    while (good && done < text.size()) {
        const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
        good = count > 0;
        if (good) done += static_cast<std::size_t>(count);
    }
    if (good && ::fsync(fd) == 0 && ::rename(fresh.c_str(), path.c_str()) == 0) {
        ::close(fd);
        return sync_directory(directory);
    }
    Failure failure = file_failure("write", path);
    ::close(fd);
    ::unlink(fresh.c_str());
    return failure;
}

// nullopt: there is no such file.
inline Result<std::optional<std::string>> read_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) return std::optional<std::string>{};
        return file_failure("read", path);
    }
    std::string text;
    char buffer[16384];
    ssize_t count = 0;
    while ((count = ::read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(count));
    if (count < 0) {
        Failure failure = file_failure("read", path);
        ::close(fd);
        return failure;
    }
    ::close(fd);
    return std::optional{std::move(text)};
}

}  // namespace bh::sdk
