#include "kernel/launch/process_id.hpp"

#include "kernel/launch/fields.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace bh::launch {
namespace {

// Reads at most size - 1 bytes and terminates them. False if there is nothing to read.
bool read_small(const char* path, char* out, std::size_t size) noexcept {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t count = read(fd, out, size - 1);
    close(fd);
    if (count <= 0) return false;
    out[count] = '\0';
    return true;
}

}  // namespace

ProcessStat process_stat(pid_t pid) noexcept {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%ld/stat", static_cast<long>(pid));
    char text[1024];
    if (pid <= 0 || !read_small(path, text, sizeof text)) return {};
    // The name in parentheses may hold anything, parentheses too: the fields begin after the last one.
    const char* fields = std::strrchr(text, ')');
    if (fields == nullptr) return {};
    ProcessStat stat;
    Fields rest{fields + 1};
    // proc(5) numbers the fields: 3 is the state, 4 the parent, 22 the start time.
    const std::string_view state = rest.next();
    if (state.empty() || !rest.next(stat.parent)) return {};
    for (int skipped = 5; skipped < 22; ++skipped) rest.next();
    if (!rest.next(stat.start_time)) return {};
    stat.state = state.front();
    return stat;
}

void read_boot_id(char (&out)[kBootIdSize]) noexcept {
    if (!read_small("/proc/sys/kernel/random/boot_id", out, sizeof out)) out[0] = '\0';
    out[std::strcspn(out, "\n")] = '\0';
}

}  // namespace bh::launch
