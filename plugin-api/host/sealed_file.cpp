#include "plugin-api/host/sealed_file.hpp"

#include "plugin-api/crypto/digest.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bh::host {
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
    int release() {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }

private:
    int fd_;
};

Failure failed(const std::string& what, const std::string& remedy) {
    return {BH_E_INVALID, "plugin_file", what + ": " + std::strerror(errno) + "; " + remedy};
}

// A memfd that may be mapped for execution, also where the system's default says otherwise.
int make_memfd() {
#ifdef MFD_EXEC
    const int fd = ::memfd_create("blockhost-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd >= 0 || errno != EINVAL) return fd;
#endif
    return ::memfd_create("blockhost-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

// Copies until the end of `from`; false with errno set when it fails or is larger than allowed.
bool copy_all(int from, int to) {
    std::size_t total = 0;
    for (;;) {
        const ssize_t size = ::sendfile(to, from, nullptr, std::size_t{1} << 20);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return size == 0;
        total += static_cast<std::size_t>(size);
        if (total > kMaxPluginBytes) {
            errno = EFBIG;
            return false;
        }
    }
}

}  // namespace

Result<SealedFile> SealedFile::copy_of(const std::string& path) {
    const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.get() < 0)
        return failed("can't be opened", "install the plugin again or correct \"plugin\" of the instance");
    struct stat info{};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return invalid("plugin_file", "it is not a regular file; install the plugin again");
    if (info.st_size == 0) return invalid("plugin_file", "it is empty; install the plugin again");
    Fd copy{make_memfd()};
    if (copy.get() < 0) return failed("no memory for a copy", "free some memory");
    if (!copy_all(file.get(), copy.get()))
        return failed("can't be copied", "install the plugin again or free some memory");
    // F_SEAL_FUTURE_WRITE, not F_SEAL_WRITE: the same promise for a file that was never mapped for writing, while
    // F_SEAL_WRITE fails with EBUSY as long as the kernel itself holds one of the pages, as it does when it moves
    // memory about.
    if (::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0)
        return failed("the copy can't be sealed", "this needs Linux 5.1 or newer with memfd seals");
    if (::fstat(copy.get(), &info) != 0) return failed("the copy can't be read", "free some memory");
    const auto size = static_cast<std::size_t>(info.st_size);
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, copy.get(), 0);
    if (data == MAP_FAILED) return failed("the copy can't be mapped", "free some memory");
    return SealedFile{copy.release(), static_cast<const std::uint8_t*>(data), size};
}

SealedFile::SealedFile(SealedFile&& other) noexcept : fd_{other.fd_}, data_{other.data_}, size_{other.size_} {
    other.fd_ = -1;
    other.data_ = nullptr;
    other.size_ = 0;
}

SealedFile::~SealedFile() {
    if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
    if (fd_ >= 0) ::close(fd_);
}

std::string SealedFile::sha256() const { return crypto::hex(crypto::sha256(bytes())); }
std::string SealedFile::proc_path() const { return "/proc/self/fd/" + std::to_string(fd_); }
void SealedFile::keep_open() noexcept { fd_ = -1; }

}  // namespace bh::host
