#include "plugins/storage-dir/copy.hpp"

#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <openssl/evp.h>

#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace storage_dir {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr mode_t kMode = 0644;  // every VM's own user reads the images

class File {
public:
    explicit File(int fd) : fd_{fd} {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

class Sha256 {
public:
    Sha256() : context_{EVP_MD_CTX_new(), EVP_MD_CTX_free} {
        good_ = context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
    }
    void add(const char* data, std::size_t size) { good_ = good_ && EVP_DigestUpdate(context_.get(), data, size) == 1; }
    bh::Result<std::string> hex() {
        std::uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        if (!good_ || EVP_DigestFinal_ex(context_.get(), digest, &size) != 1)
            return bh::Failure{BH_E_INTERNAL, "sha256", "OpenSSL gave no sha256"};
        return bh::hex_from_bytes(digest, size).substr(2);
    }

private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
    bool good_ = false;
};

bool write_block(int fd, const char* data, std::size_t size) {
    if (std::all_of(data, data + size, [](char c) { return c == 0; }))
        return ::lseek(fd, static_cast<off_t>(size), SEEK_CUR) >= 0;
    while (size > 0) {
        const ssize_t count = ::write(fd, data, size);
        if (count < 0) return false;
        data += count;
        size -= static_cast<std::size_t>(count);
    }
    return true;
}

bh::Result<std::string> copy(const bh::sdk::Call& call, const std::string& from, int in, const std::string& to, int out,
                             off_t size) {
    std::vector<char> block(kBlock);
    Sha256 sha256;
    off_t done = 0;
    for (;;) {
        if (const auto stop = call.stop()) return *stop;
        const ssize_t count = ::read(in, block.data(), block.size());
        if (count < 0) return bh::sdk::file_failure("read", from);
        if (count == 0) break;
        sha256.add(block.data(), static_cast<std::size_t>(count));
        if (!write_block(out, block.data(), static_cast<std::size_t>(count))) return bh::sdk::file_failure("write", to);
        done += count;
        if (size > 0)
            call.progress(static_cast<std::uint32_t>(std::min<off_t>(done * 1000 / size, 999)), "copying the image");
    }
    if (::ftruncate(out, done) != 0 || ::fsync(out) != 0) return bh::sdk::file_failure("write", to);
    return sha256.hex();
}

}  // namespace

bh::Result<std::string> copy_with_digest(const bh::sdk::Call& call, const std::string& from, const std::string& to) {
    const File in{::open(from.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat source{};
    if (in.get() < 0 || ::fstat(in.get(), &source) != 0) {
        if (errno == ENOENT) return bh::invalid("image_missing", from + " does not exist: build the image first");
        return bh::sdk::file_failure("read", from);
    }
    if (!S_ISREG(source.st_mode)) return bh::invalid("image_file", from + " is no regular file");
    ::unlink(to.c_str());
    const File out{::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode)};
    if (out.get() < 0 || ::fchmod(out.get(), kMode) != 0) return bh::sdk::file_failure("write", to);
    auto digest = copy(call, from, in.get(), to, out.get(), source.st_size);
    if (!digest) ::unlink(to.c_str());
    return digest;
}

}  // namespace storage_dir
