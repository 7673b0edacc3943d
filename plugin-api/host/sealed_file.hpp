// A private copy of a file that nobody can change any more: what was hashed is what is loaded.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace bh::host {

inline constexpr std::size_t kMaxPluginBytes = std::size_t{256} << 20;

class SealedFile {
public:
    // Copies the regular file `path` into a memfd and seals it against every change.
    static Result<SealedFile> copy_of(const std::string& path);

    SealedFile(SealedFile&& other) noexcept;
    SealedFile& operator=(SealedFile&&) = delete;
    ~SealedFile();

    [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return {data_, size_}; }
    [[nodiscard]] std::string sha256() const;     // 64 lower-case hex digits
    [[nodiscard]] std::string proc_path() const;  // "/proc/self/fd/N"
    [[nodiscard]] int fd() const noexcept { return fd_; }

    // Leaves the descriptor open for the rest of the process. For what was loaded from proc_path(): the dynamic loader
    // knows a library by that name, and would take another file under the same number for the same library.
    void keep_open() noexcept;

private:
    SealedFile(int fd, const std::uint8_t* data, std::size_t size) : fd_{fd}, data_{data}, size_{size} {}
    int fd_;
    const std::uint8_t* data_;
    std::size_t size_;
};

}  // namespace bh::host
