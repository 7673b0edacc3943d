#include "kernel/worker/sandbox.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace bh::worker {
namespace {

constexpr const char* kRoot = "/tmp";  // where the new root is put together; nothing there is lost, it is ours alone

// The system's own programs and libraries. A name that is a link on the host becomes the same link.
constexpr std::array kSystem = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"};
// Files that libraries read: without them they still work.
constexpr std::array kFiles = {"/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
                               "/proc/sys/kernel/random/boot_id"};
constexpr std::array kDevices = {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"};

// What is mounted later in the new root, taken before the old one is covered.
struct Piece {
    std::string path;
    int tree = -1;
    bool directory = false;
};

int take(const std::string& path) {
    return static_cast<int>(
        ::syscall(SYS_open_tree, AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
}

bool protect(int tree, std::uint64_t attributes) {
    mount_attr wanted{};
    wanted.attr_set = attributes;
    return ::syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &wanted, sizeof wanted) == 0;
}

// "/a/b/c" below the new root, its parents made; a directory or an empty file.
bool make_place(const std::string& path, bool directory) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        if (::mkdir((kRoot + path.substr(0, slash)).c_str(), 0755) != 0 && errno != EEXIST) return false;
    }
    if (directory) return ::mkdir((kRoot + path).c_str(), 0755) == 0 || errno == EEXIST;
    // A file that is granted by itself, in a directory that is granted too, perhaps read-only.
    struct stat info{};
    if (::lstat((kRoot + path).c_str(), &info) == 0) return true;
    const int fd = ::open((kRoot + path).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
}

bool put(const Piece& piece) {
    const std::string target = kRoot + piece.path;
    return make_place(piece.path, piece.directory) &&
           ::syscall(SYS_move_mount, piece.tree, "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

// False only if it is there and can't be taken.
bool take_if_there(const std::string& path, std::uint64_t attributes, std::vector<Piece>& pieces) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return errno == ENOENT;
    Piece piece{path, take(path), S_ISDIR(info.st_mode)};
    if (piece.tree < 0 || !protect(piece.tree, attributes)) return false;
    pieces.push_back(std::move(piece));
    return true;
}

constexpr std::uint64_t kReadOnly = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

bool take_system(std::vector<Piece>& pieces, std::vector<std::pair<std::string, std::string>>& links) {
    for (const std::string path : kSystem) {
        char target[256];
        const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
        if (size > 0) {
            links.emplace_back(path, std::string{target, static_cast<std::size_t>(size)});
        } else if (!take_if_there(path, kReadOnly, pieces)) {
            return false;
        }
    }
    for (const auto* path : kFiles) {
        if (!take_if_there(path, kReadOnly | MOUNT_ATTR_NOEXEC, pieces)) return false;
    }
    for (const auto* path : kDevices) {
        if (!take_if_there(path, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, pieces)) return false;
    }
    return true;
}

// What lies in another comes after it: a file in a directory, whichever of them may be written.
std::vector<Plan::Path> outer_first(std::vector<Plan::Path> paths) {
    std::ranges::sort(paths, {},
                      [](const Plan::Path& granted) { return std::pair{granted.path.size(), granted.path}; });
    return paths;
}

// Empty, or what could not be had, with errno.
std::string take_granted(const Plan& plan, std::vector<Piece>& pieces) {
    for (const auto& granted : outer_first(plan.paths)) {
        const std::uint64_t attributes =
            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | (granted.write ? 0 : MOUNT_ATTR_RDONLY);
        const std::string key = granted.write ? "write" : "read";
        const std::size_t before = pieces.size();
        if (!take_if_there(granted.path, attributes, pieces)) return key + ": " + granted.path;
        if (pieces.size() == before && !granted.path.starts_with("/dev/")) {
            errno = ENOENT;
            return key + ": " + granted.path + "; make it, or grant its directory, where the plugin can make it";
        }
    }
    return {};
}

}  // namespace

const char* build_root(const Plan& plan) {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return "mounts";
    std::vector<Piece> pieces;
    std::vector<std::pair<std::string, std::string>> links;
    if (!take_system(pieces, links)) return "mounts of the system";
    static std::string refused;  // one process, one root
    if (const std::string what = take_granted(plan, pieces); !what.empty()) {
        refused = "mounts of the granted paths, launch.yaml: worker." + what;
        return refused.c_str();
    }
    // Not a procfs of its own, which a host with covered parts of /proc refuses: this process's directory and no more.
    Piece self{"/proc/self", take("/proc/self/"), true};
    if (self.tree < 0) return "mount of /proc/self";
    pieces.push_back(std::move(self));

    const unsigned long flags = MS_NOSUID | MS_NODEV;
    if (::mount("root", kRoot, "tmpfs", flags, "size=1m,nr_inodes=512,mode=755") != 0) return "root";
    // First: a granted path may lie in it.
    if (!make_place("/tmp", true)) return "scratch space";
    const std::string scratch = "mode=700,nr_inodes=4096,size=" + std::to_string(kScratchBytes);
    if (::mount("scratch", "/tmp/tmp", "tmpfs", flags | MS_NOEXEC, scratch.c_str()) != 0) return "scratch space";
    for (const auto& piece : pieces) {
        if (!put(piece)) return "mounts in the new root";
    }
    for (const auto& [path, target] : links) {
        if (::symlink(target.c_str(), (kRoot + path).c_str()) != 0) return "links in the new root";
    }
    if (::chdir(kRoot) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0 || ::umount2(".", MNT_DETACH) != 0 ||
        ::chdir("/") != 0)
        return "change of the root";
    if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, nullptr) != 0) return "read-only root";
    for (const auto& piece : pieces) ::close(piece.tree);
    return nullptr;
}

}  // namespace bh::worker
