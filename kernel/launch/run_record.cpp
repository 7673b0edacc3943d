#include "kernel/launch/run_record.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>

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
    const ssize_t size = read(fd, line, sizeof line - 1);
    close(fd);
    if (size <= 0 || line[size - 1] != '\n') return ReadRecord::kDamaged;
    line[size] = '\0';
    RunRecord record;
    char state[8];
    long pid = 0, supervisor = 0;
    unsigned long long start = 0, supervisor_start = 0;
    long long since = 0;
    if (std::sscanf(line, "%7s %36s %ld %llu %ld %llu %lld %d %d", state, record.boot_id, &pid, &start, &supervisor,
                    &supervisor_start, &since, &record.exit_code, &record.signal) != 9) {
        return ReadRecord::kDamaged;
    }
    record.running = std::strcmp(state, "running") == 0;
    if (!record.running && std::strcmp(state, "ended") != 0) return ReadRecord::kDamaged;
    record.pid = static_cast<pid_t>(pid);
    record.start_time = start;
    record.supervisor = static_cast<pid_t>(supervisor);
    record.supervisor_start = supervisor_start;
    record.since = since;
    out = record;
    return ReadRecord::kOk;
}

}  // namespace bh::launch
