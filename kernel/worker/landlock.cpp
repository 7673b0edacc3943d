#include "kernel/worker/sandbox.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

// The kernel's interface by its numbers: the headers of Debian 12 are older than what its newer kernels offer.
namespace bh::worker {
namespace {

// include/uapi/linux/landlock.h, versions 1 to 6.
struct RulesetAttributes {
    std::uint64_t handled_fs = 0, handled_net = 0, scoped = 0;
};
struct PathRule {
    std::uint64_t allowed = 0;
    std::int32_t parent = -1;
} __attribute__((packed));

constexpr std::uint64_t kExecute = 1U << 0, kWriteFile = 1U << 1, kReadFile = 1U << 2, kReadDir = 1U << 3;
constexpr std::uint64_t kAllOfVersion1 = (1U << 13) - 1;
constexpr std::uint64_t kRefer = 1U << 13, kTruncate = 1U << 14, kIoctlDevice = 1U << 15;
constexpr std::uint64_t kBindTcp = 1U << 0, kConnectTcp = 1U << 1;
constexpr std::uint64_t kAbstractSockets = 1U << 0, kSignals = 1U << 1;
constexpr std::uint64_t kMakeDevices = (1U << 6) | (1U << 11);  // character and block
constexpr std::uint64_t kOnFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDevice;
constexpr int kVersionFlag = 1, kRulePathBeneath = 1;

constexpr long kCreate = 444, kAdd = 445, kRestrict = 446;

bool allow(int ruleset, const char* path, std::uint64_t rights) {
    const int fd = ::open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT;
    struct stat info{};
    const bool file = ::fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode);
    const PathRule rule{file ? rights & kOnFiles : rights, fd};
    const bool done = ::syscall(kAdd, ruleset, kRulePathBeneath, &rule, 0) == 0;
    ::close(fd);
    return done;
}

}  // namespace

const char* restrict_paths(const Plan& plan, int& abi) {
    abi = static_cast<int>(::syscall(kCreate, nullptr, 0, kVersionFlag));
    if (abi < 1) {
        abi = 0;
        return nullptr;  // an older kernel, or one without: the mounts hold by themselves
    }
    RulesetAttributes attributes;
    attributes.handled_fs = kAllOfVersion1;
    if (abi >= 2) attributes.handled_fs |= kRefer;
    if (abi >= 3) attributes.handled_fs |= kTruncate;
    if (abi >= 4) attributes.handled_net = kBindTcp | kConnectTcp;
    if (abi >= 5) attributes.handled_fs |= kIoctlDevice;
    if (abi >= 6) attributes.scoped = kAbstractSockets | kSignals;
    // The size tells the kernel how much of it there is; what an older one does not know is zero and left out.
    const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    const int ruleset = static_cast<int>(::syscall(kCreate, &attributes, size, 0));
    if (ruleset < 0) return "landlock";
    const std::uint64_t read = kReadFile | kReadDir, handled = attributes.handled_fs;
    const std::uint64_t write = handled & ~(kExecute | kMakeDevices | kIoctlDevice);
    bool done = true;
    for (const auto* path : {"/usr", "/lib", "/lib32", "/lib64"}) done = done && allow(ruleset, path, read | kExecute);
    for (const auto* path : {"/etc", "/proc"}) done = done && allow(ruleset, path, read);
    for (const auto* path : {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"})
        done = done && allow(ruleset, path, kReadFile | kWriteFile);
    done = done && allow(ruleset, "/tmp", write);
    for (const auto& granted : plan.paths)
        done = done && allow(ruleset, granted.path.c_str(), granted.write ? write : read);
    done = done && ::syscall(kRestrict, ruleset, 0) == 0;
    ::close(ruleset);
    return done ? nullptr : "landlock";
}

}  // namespace bh::worker
