#include "kernel/launch/run_record.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace bh::launch {
namespace {

struct Directory {
    Directory() {
        REQUIRE(::mkdtemp(path) != nullptr);
        fd = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        REQUIRE(fd >= 0);
    }
    ~Directory() {
        ::close(fd);
        std::filesystem::remove_all(path);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ReadRecord read(const std::string& text) {
        std::ofstream{std::string{path} + "/u.run"} << text;
        return read_run_record(fd, "u", record);
    }

    char path[32] = "/tmp/bh-record-XXXXXX";
    int fd = -1;
    RunRecord record;
};

const std::string kBoot = "6f9c8a52-2f0e-4d53-9a53-5d6b8e0f1c2d";

TEST_CASE("a run record is read as it was written") {
    Directory directory;
    RunRecord written;
    kBoot.copy(written.boot_id, kBoot.size());
    written.pid = 4194303, written.start_time = UINT64_MAX, written.supervisor = 1, written.supervisor_start = 7;
    written.since = 1'800'000'000, written.exit_code = -1, written.signal = 9;
    for (const bool running : {true, false}) {
        written.running = running;
        REQUIRE(write_run_record(directory.fd, "u", written));
        REQUIRE(read_run_record(directory.fd, "u", directory.record) == ReadRecord::kOk);
        const RunRecord& read = directory.record;
        CHECK(read.running == running);
        CHECK(read.boot_id == kBoot);
        CHECK(read.pid == written.pid);
        CHECK(read.start_time == written.start_time);
        CHECK(read.supervisor == written.supervisor);
        CHECK(read.supervisor_start == written.supervisor_start);
        CHECK(read.since == written.since);
        CHECK(read.exit_code == -1);
        CHECK(read.signal == 9);
    }
}

TEST_CASE("a record that is missing is not a damaged one") {
    Directory directory;
    CHECK(read_run_record(directory.fd, "u", directory.record) == ReadRecord::kMissing);
}

TEST_CASE("a damaged record is refused as a whole") {
    Directory directory;
    REQUIRE(directory.read("ended " + kBoot + " 2 3 4 5 6 7 -1\n") == ReadRecord::kOk);
    const auto* const damaged =
        GENERATE("", "ended", "ended B 2 3 4 5 6 7 -1", "ended B 2 3 4 5 6 7\n", "ended B 2 3 4 5 6 7 -1 8\n",
                 "ended B 2 -3 4 5 6 7 -1\n", "ended B 2 3 4 5 6 7x -1\n", "ended B 99999999999 3 4 5 6 7 -1\n",
                 "ended B 2 18446744073709551616 4 5 6 7 -1\n", "halted B 2 3 4 5 6 7 -1\n",
                 "ended 0123456789012345678901234567890123456 2 3 4 5 6 7 -1\n");
    INFO(damaged);
    CHECK(directory.read(damaged) == ReadRecord::kDamaged);
    CHECK(directory.record.boot_id == kBoot);
    CHECK(directory.record.pid == 2);
}

}  // namespace
}  // namespace bh::launch
