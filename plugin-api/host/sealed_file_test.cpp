#include "plugin-api/host/sealed_file.hpp"

#include "plugin-api/host/fixtures/files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <catch2/catch_test_macros.hpp>

using bh::host::SealedFile;
using namespace bh::host::test;

TEST_CASE("a file that is rewritten in place after hashing changes neither the copy nor its hash") {
    const TempDir dir;
    const std::string path = dir.path() / "plugin.so";
    write_file(path, "what was checked");
    const auto file = SealedFile::copy_of(path);
    REQUIRE(file);
    const std::string before = file->sha256();
    CHECK(before == sha256_of("what was checked"));
    write_file(path, "what came later!");
    CHECK(file->sha256() == before);
    CHECK(read_file(file->proc_path()) == "what was checked");
}

TEST_CASE("the copy can't be written, grown or shrunk by anybody") {
    const TempDir dir;
    write_file(dir.path() / "plugin.so", "sealed");
    const auto file = SealedFile::copy_of(dir.path() / "plugin.so");
    REQUIRE(file);
    const int fd = ::open(file->proc_path().c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(fd >= 0);
    CHECK(::write(fd, "x", 1) < 0);
    CHECK(::ftruncate(fd, 1) < 0);
    CHECK(::ftruncate(fd, 100) < 0);
    CHECK(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) < 0);
    CHECK(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    void* shared = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    REQUIRE(shared != MAP_FAILED);
    CHECK(::mprotect(shared, 4096, PROT_READ | PROT_WRITE) < 0);
    ::munmap(shared, 4096);
    ::close(fd);
    CHECK(read_file(file->proc_path()) == "sealed");
}

TEST_CASE("what is no regular file is refused") {
    const TempDir dir;
    for (const std::string& path : {dir.path().string(), std::string{"/dev/null"}, (dir.path() / "none").string()}) {
        CAPTURE(path);
        const auto file = SealedFile::copy_of(path);
        REQUIRE_FALSE(file);
        CHECK(file.failure().reason == "plugin_file");
    }
    write_file(dir.path() / "empty", "");
    CHECK_FALSE(SealedFile::copy_of(dir.path() / "empty"));
}
