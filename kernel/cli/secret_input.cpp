#include "kernel/cli/secret_input.hpp"

#include "kernel/ipc/fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

namespace bh::cli {
namespace {

using crypto::Secret;

constexpr std::size_t kMaxInput = 4096;

Failure cannot(const std::string& what, const std::string& path) {
    return invalid("no_file", "cannot " + what + " " + path + ": " + std::strerror(errno));
}

bool is_hex(std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    return !text.empty() && text.size() % 2 == 0 &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

Result<Secret> read_input(const std::string& path, bool secret) {
    const bool standard = path == "-";
    Fd fd;
    if (!standard) {
        fd = Fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
        struct stat info{};
        if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return cannot("read", path);
        if (secret && S_ISREG(info.st_mode) && (info.st_mode & 0077) != 0) {
            return Failure{BH_E_DENIED, "open_file", path + " holds a secret and is open to others: chmod 600 it", 0};
        }
    }
    Secret content{kMaxInput + 1};
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(standard ? STDIN_FILENO : fd.get(), content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot("read", standard ? "the standard input" : path);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > kMaxInput) return invalid("too_long", (standard ? "the standard input" : path) + " has more than 4 KiB");
    content.shrink(size);
    return content;
}

Result<Secret> read_hex(const std::string& path, bool secret, const std::string& what) {
    auto content = read_input(path, secret);
    if (!content) return content.failure().within(what);
    std::string_view text = crypto::text_of(content->view());
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
    if (text.empty()) return invalid("empty", what + ": there is nothing in it");
    if (!is_hex(text)) return content;
    auto bytes = crypto::parse_hex(text);
    if (!bytes) return bytes.failure().within(what);
    Secret parsed = Secret::copy_of(*bytes);
    crypto::wipe(*bytes);
    return parsed;
}

Result<crypto::PublicKey> public_key(const std::string& hex, const std::string& what) {
    const auto bytes = crypto::parse_hex(hex);
    if (!bytes) return bytes.failure().within(what);
    auto key = crypto::PublicKey::parse(*bytes);
    if (!key) return key.failure().within(what);
    return key;
}

Status write_secret(const std::string& path, crypto::ByteView content) {
    const Fd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd.valid()) return cannot("make", path);
    while (!content.empty()) {
        const ssize_t written = ::write(fd.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) break;
        content = content.subspan(static_cast<std::size_t>(written));
    }
    if (!content.empty() || ::fsync(fd.get()) != 0) {
        const Failure failed = cannot("write", path);
        ::unlink(path.c_str());
        return failed;
    }
    return {};
}

}  // namespace bh::cli
