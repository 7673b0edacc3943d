// A file of the signer's own that only grows, a line at a time: regular, of the signer's user, mode 0600. A line is on
// disk, whole, when append() returns. Thread-safe.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "plugin-api/documents/result.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace bh::signer {

class LogFile {
public:
    // Refuses a file that is no regular one, of another user, or open to others.
    static Result<LogFile> open(const std::string& path);

    // `line` without its end. BH_E_UNAVAILABLE: nothing was written.
    Status append(const std::string& line);
    // All whole lines. What a crash left of the last one is cut off.
    Result<std::string> read_all();

private:
    LogFile(Fd fd, std::string path) : fd_{std::move(fd)}, path_{std::move(path)} {}
    Fd fd_;
    std::string path_;
    std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
};

}  // namespace bh::signer
