#include "kernel/signer/anchors.hpp"

#include <sys/stat.h>
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace bh::signer;

namespace {

const std::string kOne(32, 'a'), kOther(32, 'b');
std::string hash(char c) { return std::string(64, c); }

struct Anchored {
    Anchored() {
        char pattern[] = "/tmp/bh-anchors-XXXXXX";
        directory = ::mkdtemp(pattern);
    }
    ~Anchored() { std::filesystem::remove_all(directory); }
    AnchorLog open() {
        auto log = AnchorLog::open(file(), [this] { return now; });
        REQUIRE(log.ok());
        return std::move(*log);
    }
    [[nodiscard]] std::string file() const { return directory + "/anchors.jsonl"; }
    std::string directory;
    std::int64_t now = 1'800'000'000;
};

}  // namespace

TEST_CASE_METHOD(Anchored, "an anchor goes forward only, and is never another one") {
    AnchorLog log = open();
    CHECK_FALSE(log.newest("").has_value());
    REQUIRE(log.put(kOne, 5, hash('1')).ok());
    CHECK(log.put(kOne, 5, hash('1')).ok());
    CHECK(log.put(kOne, 5, hash('2')).failure().code == BH_E_CONFLICT);
    CHECK(log.put(kOne, 4, hash('2')).failure().code == BH_E_CONFLICT);
    REQUIRE(log.put(kOne, 9, hash('3')).ok());
    CHECK(*log.newest(kOne) == Anchor{kOne, 9, hash('3'), now});
    CHECK(log.list(kOne, 0)->size() == 2);  // the same one again is not kept twice
    CHECK(log.list(kOne, 5)->front().row == 9);
}

TEST_CASE_METHOD(Anchored, "anchors outlive the process; each journal has its own") {
    {
        AnchorLog log = open();
        REQUIRE(log.put(kOne, 5, hash('1')).ok());
        REQUIRE(log.put(kOther, 2, hash('2')).ok());
    }
    AnchorLog log = open();
    CHECK(log.newest(kOne)->row == 5);
    CHECK(log.newest("")->journal == kOther);
    CHECK(log.put(kOne, 4, hash('1')).failure().code == BH_E_CONFLICT);
    CHECK(log.list(kOther, 0)->size() == 1);
    struct stat info{};
    REQUIRE(::stat(file().c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
}

TEST_CASE_METHOD(Anchored, "half a line of a crash is cut off; a line that is no anchor is refused by its number") {
    {
        REQUIRE(open().put(kOne, 5, hash('1')).ok());
    }
    {
        std::ofstream{file(), std::ios::app} << R"({"time":"x","journ)";
    }
    {
        AnchorLog log = open();
        CHECK(log.newest(kOne)->row == 5);
        REQUIRE(log.put(kOne, 6, hash('2')).ok());
        CHECK(log.list(kOne, 0)->size() == 2);
    }
    {
        std::ofstream{file(), std::ios::app} << "{\"journal\":1}\n";
    }
    const auto log = AnchorLog::open(file(), [] { return std::int64_t{0}; });
    REQUIRE_FALSE(log.ok());
    CHECK(log.failure().code == BH_E_CORRUPT);
    CHECK(log.failure().message.find("line 3") != std::string::npos);
}
