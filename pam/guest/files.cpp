#include "pam/guest/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bh::guest {
namespace {

class Fd {
public:
    explicit Fd(int fd) : fd_{fd} {}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

Failure system_failure(const std::string& what, int error) {
    return {error == ENOENT ? BH_E_NOT_FOUND : BH_E_UNAVAILABLE, "file", what + ": " + std::strerror(error)};
}

bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t wrote = ::write(fd, content.data(), content.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        content.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max) {
    const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (fd.get() < 0) return system_failure(path, errno);
    std::string content;
    char buffer[4096];
    while (true) {
        const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(path, errno);
        if (got == 0) return content;
        content.append(buffer, static_cast<std::size_t>(got));
        if (content.size() > max)
            return invalid("file_too_long", path + " is longer than " + std::to_string(max) + " bytes");
    }
}

Status replace_file(const std::string& path, std::string_view content, mode_t mode) {
    std::string temporary = path + ".XXXXXX";
    const Fd fd{::mkostemp(temporary.data(), O_CLOEXEC)};
    if (fd.get() < 0) return system_failure(temporary, errno);
    if (::fchmod(fd.get(), mode) != 0 || !write_all(fd.get(), content) || ::fsync(fd.get()) != 0 ||
        ::rename(temporary.c_str(), path.c_str()) != 0) {
        const Failure failure = system_failure(path, errno);
        ::unlink(temporary.c_str());
        return failure;
    }
    const Fd directory{::open(parent_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) return system_failure(parent_of(path), errno);
    return {};
}

Status make_directory(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0) {
        if (::chmod(path.c_str(), mode) != 0) return system_failure(path, errno);  // whatever the umask is
        return {};
    }
    if (errno == EEXIST) return {};
    if (errno != ENOENT) return system_failure(path, errno);
    if (Status made = make_directory(parent_of(path), 0755); !made) return made;
    return make_directory(path, mode);
}

Result<FileLock> FileLock::take(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return system_failure(path, errno);
    FileLock lock{fd};
    while (::flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) return system_failure(path, errno);
    }
    return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

FileLock::~FileLock() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace bh::guest
