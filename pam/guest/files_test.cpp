#include "pam/guest/files.hpp"

#include "pam/guest/sample_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bh::guest;

TEST_CASE("a replaced file has the new content, the mode asked for, and no temporary file beside it") {
    const sample::Directory directory;
    const std::string path = directory.path + "/file";
    REQUIRE(replace_file(path, "old", 0644));
    REQUIRE(replace_file(path, "new", 0600));
    CHECK(*read_file(path, 10) == "new");
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK(std::distance(std::filesystem::directory_iterator{directory.path}, std::filesystem::directory_iterator{}) ==
          1);
}

TEST_CASE("a file that cannot be replaced stays as it was") {
    const sample::Directory directory;
    REQUIRE(::mkdir((directory.path + "/file").c_str(), 0700) == 0);  // a directory cannot be renamed over
    CHECK(!replace_file(directory.path + "/file", "new", 0600));
    CHECK(std::distance(std::filesystem::directory_iterator{directory.path}, std::filesystem::directory_iterator{}) ==
          1);
}

TEST_CASE("reading says not found, and refuses what is over the limit") {
    const sample::Directory directory;
    CHECK(read_file(directory.path + "/none", 10).failure().code == BH_E_NOT_FOUND);
    REQUIRE(replace_file(directory.path + "/file", "12345", 0600));
    CHECK(read_file(directory.path + "/file", 5).ok());
    CHECK(read_file(directory.path + "/file", 4).failure().reason == "file_too_long");
}

TEST_CASE("directories are made with those above them, and twice does no harm") {
    const sample::Directory directory;
    REQUIRE(make_directory(directory.path + "/a/b/c", 0700));
    REQUIRE(make_directory(directory.path + "/a/b/c", 0700));
    struct stat status{};
    REQUIRE(::stat((directory.path + "/a/b/c").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);
}

TEST_CASE("a lock keeps others out while it is held, and its holder's death frees it") {
    const sample::Directory directory;
    const std::string path = directory.path + "/lock";
    int held[2], release[2];
    REQUIRE(::pipe(held) == 0);
    REQUIRE(::pipe(release) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto lock = FileLock::take(path);
        char byte = 0;
        const bool told = ::write(held[1], "x", 1) == 1;
        ::_exit(lock && told && ::read(release[0], &byte, 1) == 1 ? 0 : 1);
    }
    char byte = 0;
    REQUIRE(::read(held[0], &byte, 1) == 1);
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    CHECK(::flock(fd, LOCK_EX | LOCK_NB) != 0);
    REQUIRE(::write(release[1], "x", 1) == 1);
    CHECK(FileLock::take(path).ok());
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    for (const int end : {fd, held[0], held[1], release[0], release[1]}) ::close(end);
}
