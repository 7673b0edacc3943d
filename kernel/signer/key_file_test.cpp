#include "kernel/signer/key_file.hpp"

#include "kernel/signer/test_house.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace bh::signer;
using namespace bh::signer::testing;

namespace {

struct Folder {
    Folder() {
        char name[] = "/tmp/signer-keys-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string write(std::string_view content, mode_t mode = 0600) const {
        const std::string file = path + "/key";
        std::filesystem::remove(file);
        std::ofstream{file} << content;
        ::chmod(file.c_str(), mode);
        return file;
    }
    std::string path;
};

}  // namespace

TEST_CASE("a key file holds 32 bytes, raw or as hex") {
    const Folder folder;
    const auto key = key_of(0x5a);
    const std::string digits = bh::crypto::hex(key.view());
    for (const std::string& content :
         {std::string{bh::crypto::text_of(key.view())}, digits, digits + "\n", "0x" + digits + "\n"}) {
        const auto read = read_key_file(folder.write(content), "agent");
        REQUIRE(read.ok());
        CHECK(bh::crypto::equal(read->view(), key.view()));
    }
    for (const std::string& content : {std::string{}, digits.substr(2), digits + "00", digits + "\n\n",
                                       std::string(64, 'g'), std::string(33, 'x'), std::string(4096, 'a')}) {
        const auto read = read_key_file(folder.write(content), "agent");
        CHECK(read.failure().reason == "key_file");
        CHECK(read.failure().message.find(digits.substr(0, 8)) == std::string::npos);
    }
}

TEST_CASE("a key file that others could read, or that is none, is refused with the remedy") {
    const Folder folder;
    const std::string digits = bh::crypto::hex(key_of(0x5a).view());
    const auto refused = [](const std::string& path, const char* part) {
        const auto read = read_key_file(path, "server");
        REQUIRE_FALSE(read.ok());
        CHECK(read.failure().code == BH_E_DENIED);
        CHECK(read.failure().message.find("keys.server") != std::string::npos);
        CHECK(read.failure().message.find(part) != std::string::npos);
    };
    for (const mode_t mode : {0640u, 0604u, 0660u, 0601u, 0700u}) refused(folder.write(digits, mode), "chmod 600");
    refused(folder.path + "/none", "keygen");
    std::filesystem::create_symlink(folder.write(digits), folder.path + "/link");
    refused(folder.path + "/link", "symbolic link");
    refused(folder.path, "no regular file");
    if (::geteuid() == 0) {
        const std::string file = folder.write(digits);
        REQUIRE(::chown(file.c_str(), 64001, 64001) == 0);
        refused(file, "chown");
    }
}

TEST_CASE("a new key file is complete, private, and never replaces another") {
    const Folder folder;
    const std::string file = folder.path + "/agent.key";
    REQUIRE(create_key_file(file, key_of(7)).ok());
    struct stat info{};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
    CHECK(bh::crypto::equal(read_key_file(file, "agent")->view(), key_of(7).view()));
    CHECK_FALSE(create_key_file(file, key_of(8)).ok());
    CHECK(bh::crypto::equal(read_key_file(file, "agent")->view(), key_of(7).view()));
    CHECK_FALSE(std::filesystem::exists(file + ".new"));
    CHECK_FALSE(create_key_file(folder.path + "/no/such/agent.key", key_of(8)).ok());
}

TEST_CASE("missing keys are made once and are three different ones") {
    const Folder folder;
    const SignerConfig::Keys files{folder.path + "/a", folder.path + "/b", folder.path + "/c"};
    CHECK(*create_missing_keys(files) == std::vector<std::string>{"agent", "server", "statement"});
    CHECK(create_missing_keys(files)->empty());
    CHECK(read_keyring(files).ok());
    std::filesystem::remove(files.server);
    std::filesystem::copy_file(files.agent, files.server);
    CHECK(read_keyring(files).failure().message.find("same key") != std::string::npos);
}
