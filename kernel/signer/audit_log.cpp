#include "kernel/signer/audit_log.hpp"

#include "plugin-api/formats/utc.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace bh::signer {

namespace {

Failure cannot(const std::string& path, const std::string& why) {
    return {BH_E_UNAVAILABLE, "audit_log",
            "the signer can't write its log " + path + ": " + why + "; nothing is signed"};
}

}  // namespace

Result<AuditLog> AuditLog::open(const std::string& path) {
    Fd fd{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd.valid()) return cannot(path, std::strerror(errno));
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return cannot(path, std::strerror(errno));
    if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 0177) != 0) {
        return cannot(path, "it must be a regular file of the signer's user with mode 600");
    }
    return AuditLog{std::move(fd), path};
}

Status AuditLog::append(const AuditRow& row, const nlohmann::json& what, std::int64_t unix_seconds) {
    const auto time = formats::utc_text(unix_seconds);
    const nlohmann::ordered_json line{{"time", time ? *time : std::to_string(unix_seconds)},
                                      {"caller", row.caller},
                                      {"key", row.key},
                                      {"scheme", row.scheme},
                                      {"what", what},
                                      {"hash", crypto::hex0x(row.hash)}};
    const std::string text = line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
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

}  // namespace bh::signer
