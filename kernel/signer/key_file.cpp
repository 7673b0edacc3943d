#include "kernel/signer/key_file.hpp"

#include "kernel/ipc/fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bh::signer {

namespace {

using crypto::Secret;

constexpr std::size_t kMaxFile = 128;

Failure refused(const std::string& name, const std::string& path, const std::string& why) {
    return {BH_E_DENIED, "key_file", "keys." + name + ": " + path + " " + why};
}

Failure cannot(const std::string& what, const std::string& path, int error) {
    return {BH_E_UNAVAILABLE, "key_file", "cannot " + what + " " + path + ": " + std::strerror(error)};
}

// The key in the file's bytes; empty when it has another form.
Secret parse(const Secret& file) {
    if (file.size() == kKeySize) return file.clone();
    std::string_view text = crypto::text_of(file.view());
    if (text.ends_with('\n')) text.remove_suffix(1);
    const std::size_t digits = text.starts_with("0x") ? text.size() - 2 : text.size();
    if (digits != 2 * kKeySize) return {};
    auto bytes = crypto::parse_hex(text);
    if (!bytes) return {};
    Secret key = Secret::copy_of(*bytes);
    crypto::wipe(*bytes);
    return key;
}

Status write_all(int fd, crypto::ByteView bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return cannot("write", path, errno);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    if (::fsync(fd) != 0) return cannot("write", path, errno);
    return {};
}

}  // namespace

Result<Secret> read_key_file(const std::string& path, const std::string& name) {
    const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (!fd.valid()) {
        const int error = errno;
        if (error == ENOENT)
            return refused(name, path, "is missing: make it with `blockhost-signer keygen --config FILE`");
        if (error == ELOOP) return refused(name, path, "is a symbolic link: name the file itself");
        return refused(name, path, std::string{"can't be opened: "} + std::strerror(error));
    }
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return cannot("look at", path, errno);
    if (!S_ISREG(info.st_mode)) return refused(name, path, "is no regular file: put the key into a file of its own");
    const std::string me = std::to_string(::geteuid());
    if (info.st_uid != ::geteuid()) {
        return refused(name, path,
                       "belongs to user " + std::to_string(info.st_uid) + ", not to the signer's user " + me +
                           ": chown " + me + " it");
    }
    if ((info.st_mode & 0177) != 0) return refused(name, path, "is open to others than its owner: chmod 600 it");
    Secret file{kMaxFile};
    const ssize_t size = ::read(fd.get(), file.data(), file.size());
    if (size < 0) return cannot("read", path, errno);
    file.shrink(static_cast<std::size_t>(size));
    Secret key = parse(file);
    if (key.empty()) return refused(name, path, "does not hold 32 bytes, raw or as 64 hex digits");
    (void)key.lock();
    return key;
}

Status create_key_file(const std::string& path, const Secret& key) {
    // Written beside its place and linked there: link() does not replace a file that came in between.
    const std::string fresh = path + ".new";
    (void)::unlink(fresh.c_str());
    const Fd fd{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd.valid()) return cannot("make", fresh, errno);
    std::string text = crypto::hex(key.view()) + "\n";
    Status done = write_all(fd.get(), crypto::bytes_of(text), fresh);
    crypto::wipe(text);
    if (done && ::link(fresh.c_str(), path.c_str()) != 0) done = cannot("make", path, errno);
    (void)::unlink(fresh.c_str());
    return done;
}

}  // namespace bh::signer
