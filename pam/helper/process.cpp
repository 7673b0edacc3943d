#include "pam/helper/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bh::guest {
namespace {

// The input as a file without a name, so that nobody has to feed a pipe while the program runs.
int input_file(const std::string& input) {
    if (input.empty()) return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int fd = ::memfd_create("input", MFD_CLOEXEC);
    if (fd < 0) return fd;
    if (::write(fd, input.data(), input.size()) == static_cast<ssize_t>(input.size()) && ::lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    ::close(fd);
    return -1;
}

}  // namespace

Status run(const std::vector<std::string>& argv, const std::string& input) {
    const auto failed = [&](const std::string& what) {
        return Failure{BH_E_UNAVAILABLE, "program_failed", argv.front() + ": " + what};
    };
    std::vector<char*> pointers;
    for (const std::string& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char locale[] = "LC_ALL=C";
    char* const environment[] = {path, locale, nullptr};

    const int fd = input_file(input);
    if (fd < 0) return failed(std::strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    pid_t child = -1;
    const int error = ::posix_spawn(&child, pointers[0], &actions, nullptr, pointers.data(), environment);
    posix_spawn_file_actions_destroy(&actions);
    ::close(fd);
    if (error != 0) return failed(std::strerror(error));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return failed(std::strerror(errno));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return failed(WIFEXITED(status) ? "ended with status " + std::to_string(WEXITSTATUS(status)) : "was killed");
}

}  // namespace bh::guest
