#include "kernel/launch/run_record.hpp"

#include "kernel/launch/fields.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace bh::launch {
namespace {

constexpr std::size_t kMaxName = 128, kMaxLine = 512;

bool write_whole(int directory_fd, const char* name, const char* text, std::size_t size) noexcept {
    const int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    const bool written = write(fd, text, size) == static_cast<ssize_t>(size) && fsync(fd) == 0;
    const int reason = errno;
    close(fd);
    errno = reason;
    return written;
}

}  // namespace

bool write_run_record(int directory_fd, const char* unit, const RunRecord& record) noexcept {
    char line[kMaxLine];
    const int size =
        std::snprintf(line, sizeof line, "%s %s %ld %llu %ld %llu %lld %d %d\n", record.running ? "running" : "ended",
                      record.boot_id, static_cast<long>(record.pid), static_cast<unsigned long long>(record.start_time),
                      static_cast<long>(record.supervisor), static_cast<unsigned long long>(record.supervisor_start),
                      static_cast<long long>(record.since), record.exit_code, record.signal);
    char name[kMaxName], fresh[kMaxName];
    std::snprintf(name, sizeof name, "%s.run", unit);
    std::snprintf(fresh, sizeof fresh, "%s.run.new", unit);
    return write_whole(directory_fd, fresh, line, static_cast<std::size_t>(size)) &&
           renameat(directory_fd, fresh, directory_fd, name) == 0 && fsync(directory_fd) == 0;
}

ReadRecord read_run_record(int directory_fd, const char* unit, RunRecord& out) noexcept {
    char name[kMaxName];
    std::snprintf(name, sizeof name, "%s.run", unit);
    const int fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? ReadRecord::kMissing : ReadRecord::kDamaged;
    char line[kMaxLine];
    const ssize_t size = read(fd, line, sizeof line);
    close(fd);
    if (size <= 0 || line[size - 1] != '\n') return ReadRecord::kDamaged;
    RunRecord record;
    Fields fields{{line, static_cast<std::size_t>(size)}};
    const std::string_view state = fields.next();
    const std::string_view boot_id = fields.next();
    if ((state != "running" && state != "ended") || boot_id.size() >= sizeof record.boot_id)
        return ReadRecord::kDamaged;
    const bool read_all = fields.next(record.pid) && fields.next(record.start_time) && fields.next(record.supervisor) &&
                          fields.next(record.supervisor_start) && fields.next(record.since) &&
                          fields.next(record.exit_code) && fields.next(record.signal) && fields.at_end();
    if (!read_all) return ReadRecord::kDamaged;
    record.running = state == "running";
    std::memcpy(record.boot_id, boot_id.data(), boot_id.size());
    out = record;
    return ReadRecord::kOk;
}

}  // namespace bh::launch
