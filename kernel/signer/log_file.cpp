#include "kernel/signer/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace bh::signer {
namespace {

Failure cannot(const std::string& path, const std::string& why) {
    return {BH_E_UNAVAILABLE, "audit_log", "the signer can't use its log " + path + ": " + why + "; nothing is signed"};
}

}  // namespace

Result<LogFile> LogFile::open(const std::string& path) {
    Fd fd{::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd.valid()) return cannot(path, std::strerror(errno));
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return cannot(path, std::strerror(errno));
    if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 0177) != 0) {
        return cannot(path, "it must be a regular file of the signer's user with mode 600");
    }
    return LogFile{std::move(fd), path};
}

Status LogFile::append(const std::string& line) {
    const std::string text = line + "\n";
    const std::lock_guard lock{*mutex_};
    const off_t before = ::lseek(fd_.get(), 0, SEEK_END);
    const ssize_t written = ::write(fd_.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) {
        const std::string why = written < 0 ? std::strerror(errno) : "no space is left";
        // Half a line would run into the next one.
        if (written > 0 && before >= 0) (void)!::ftruncate(fd_.get(), before);
        return cannot(path_, why);
    }
    if (::fdatasync(fd_.get()) != 0) return cannot(path_, std::strerror(errno));
    return {};
}

Result<std::string> LogFile::read_all() {
    const std::lock_guard lock{*mutex_};
    std::string all;
    std::array<char, 65'536> part{};
    for (off_t at = 0;;) {
        const ssize_t got = ::pread(fd_.get(), part.data(), part.size(), at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot(path_, std::strerror(errno));
        if (got == 0) break;
        all.append(part.data(), static_cast<std::size_t>(got));
        at += got;
    }
    const std::size_t end = all.rfind('\n');
    const std::size_t whole = end == std::string::npos ? 0 : end + 1;
    if (whole != all.size() && ::ftruncate(fd_.get(), static_cast<off_t>(whole)) != 0) {
        return cannot(path_, std::strerror(errno));
    }
    all.resize(whole);
    return all;
}

}  // namespace bh::signer
