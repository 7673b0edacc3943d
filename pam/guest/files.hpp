// Small files that must survive a power cut, read and written whole. Used by the PAM module and by blockhost-guest.
// No state; two writers of one file must hold the same FileLock.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace bh::guest {

// BH_E_NOT_FOUND if there is no such file, BH_E_INVALID "file_too_long" over `max` bytes.
Result<std::string> read_file(const std::string& path, std::size_t max);

// Replaces the file: a temporary one beside it, fsync, rename, fsync of the directory. On failure the old content
// stays.
Status replace_file(const std::string& path, std::string_view content, mode_t mode);

// Makes the directory, and those above it, if missing; `mode` is for the last one.
Status make_directory(const std::string& path, mode_t mode);

// An exclusive lock, held until destruction. Waits.
class FileLock {
public:
    static Result<FileLock> take(const std::string& path);
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

private:
    explicit FileLock(int fd) : fd_{fd} {}
    int fd_;
};

}  // namespace bh::guest
