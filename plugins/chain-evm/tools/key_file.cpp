#include "plugins/chain-evm/tools/key_file.hpp"

#include "plugin-api/crypto/secp256k1.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace bh::evm {
namespace {

constexpr std::size_t kMostBytes = 68;  // 0x, 64 digits, newline

class File {
public:
    explicit File(const std::string& path) : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)} {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

Result<crypto::Secret> read_key_file(const std::string& path) {
    const File file{path};
    struct stat info{};
    if (file.fd() < 0 || ::fstat(file.fd(), &info) != 0 || !S_ISREG(info.st_mode)) {
        return invalid("no_key_file", "the key file " + path + " can't be read; give a plain file");
    }
    if (info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) {
        return Failure{BH_E_DENIED, "key_file_open",
                       "the key file " + path + " must belong to you and be closed to others; chmod 600 it", 0};
    }
    std::array<char, kMostBytes + 1> buffer{};
    const ssize_t size = ::read(file.fd(), buffer.data(), buffer.size());
    std::string_view text{buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    if (text.starts_with("0x")) text.remove_prefix(2);
    crypto::Secret key{crypto::kSecretKeySize};
    bool good = text.size() == 2 * crypto::kSecretKeySize;
    for (std::size_t i = 0; good && i < crypto::kSecretKeySize; ++i) {
        const int high = digit(text[2 * i]);
        const int low = digit(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        key.data()[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    crypto::wipe(buffer.data(), buffer.size());
    if (!good || !crypto::PublicKey::of(key)) {
        return invalid("bad_key_file", "the key file " + path + " must hold 64 hex digits, a secp256k1 key");
    }
    return key;
}

}  // namespace bh::evm
