#include "tests/plugins/state/state_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace bh::mem {
namespace {

Failure broken(const std::string& what, const std::string& path) {
    return {BH_E_UNAVAILABLE, "state_file", "cannot " + what + " " + path + ": " + std::strerror(errno)};
}

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

// A test that runs as root and a daemon that does not use the same file: it belongs to the owner of its folder.
void give_to_owner(int fd, const std::string& path) {
    struct stat folder{};
    const std::string parent = std::filesystem::path{path}.parent_path().string();
    if (::geteuid() == 0 && ::stat(parent.empty() ? "." : parent.c_str(), &folder) == 0)
        (void)!::fchown(fd, folder.st_uid, folder.st_gid);
}

Result<std::string> read_all(const std::string& path) {
    const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) {
        if (errno == ENOENT) return std::string{};
        return broken("read", path);
    }
    std::string text;
    char block[65536];
    for (;;) {
        const ssize_t size = ::read(file.get(), block, sizeof block);
        if (size < 0) return broken("read", path);
        if (size == 0) return text;
        text.append(block, static_cast<std::size_t>(size));
    }
}

Status replace(const std::string& path, const std::string& text) {
    const std::string next = path + ".new";
    const Fd file{::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (file.get() < 0) return broken("write", next);
    give_to_owner(file.get(), next);
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t size = ::write(file.get(), text.data() + at, text.size() - at);
        if (size < 0) return broken("write", next);
        at += static_cast<std::size_t>(size);
    }
    if (::rename(next.c_str(), path.c_str()) != 0) return broken("replace", path);
    return {};
}

}  // namespace

Status StateFile::edit(const std::function<Status(std::string& text)>& body) const {
    const std::string lock_path = path_ + ".lock";
    // A description of its own per call: flock then also keeps threads of one process apart.
    const Fd lock{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (lock.get() < 0) return broken("open", lock_path);
    give_to_owner(lock.get(), lock_path);
    while (::flock(lock.get(), LOCK_EX) != 0)
        if (errno != EINTR) return broken("lock", lock_path);
    Result<std::string> text = read_all(path_);
    if (!text) return text.failure();
    const std::string before = *text;
    const Status done = body(*text);
    if (!done) return done;
    return *text == before ? Status{} : replace(path_, *text);
}

}  // namespace bh::mem
