// A pool on a real file system that is full. As root: mounts a small tmpfs in a mount namespace of its own.
#include "plugins/storage-dir/testing.hpp"

#include <sched.h>
#include <sys/mount.h>

using namespace storage_dir;
using namespace storage_dir::testing;

namespace {

// Fills `directory` up to the last block.
void fill(const std::string& directory) {
    std::ofstream file{directory + "/filler", std::ios::binary};
    const std::string block(4096, 'f');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
}

struct SmallDisk {
    SmallDisk() {
        REQUIRE(::unshare(CLONE_NEWNS) == 0);
        REQUIRE(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
        std::filesystem::create_directories(world.path + "/pool");
        REQUIRE(::mount("bh-test", (world.path + "/pool").c_str(), "tmpfs", 0, "size=4m") == 0);
    }
    ~SmallDisk() { ::umount((world.path + "/pool").c_str()); }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    World world;
};

}  // namespace

TEST_CASE("a full disk while a volume is made: EXHAUSTED, nothing left behind, and it works once there is room") {
    SmallDisk disk;
    const auto storage = disk.world.storage();
    fill(disk.world.path + "/pool");
    const auto made = storage->volume_create(Call{"op"}, spec_of(""));
    REQUIRE_FALSE(made);
    CHECK(made.failure().code == BH_E_EXHAUSTED);
    CHECK(World::files(disk.world.path + "/pool/volumes").empty());
    std::filesystem::remove(disk.world.path + "/pool/filler");
    CHECK(storage->volume_create(Call{"op"}, spec_of("")));
}

TEST_CASE("a disk that becomes full when only the volume's record fits") {
    SmallDisk disk;
    const auto storage = disk.world.storage();
    fill(disk.world.path + "/pool");
    // Room for the record and a bit, not for the 192 KiB of an empty qcow2 file.
    std::filesystem::resize_file(disk.world.path + "/pool/filler",
                                 std::filesystem::file_size(disk.world.path + "/pool/filler") - 32768);
    const auto made = storage->volume_create(Call{"op"}, spec_of(""));
    REQUIRE_FALSE(made);
    CHECK(made.failure().code == BH_E_EXHAUSTED);
    CHECK(World::files(disk.world.path + "/pool/volumes").empty());
}

TEST_CASE("a full disk while an image is imported") {
    SmallDisk disk;
    const auto storage = disk.world.storage();
    const std::string raw = disk.world.path + "/random.raw";
    {
        std::ifstream random{"/dev/urandom", std::ios::binary};
        std::string content(6000128, '\0');
        random.read(content.data(), static_cast<std::streamsize>(content.size()));
        std::ofstream{raw, std::ios::binary} << content;
    }
    const auto imported = storage->image_import(Call{"op"}, World::described("random", raw, "raw"));
    REQUIRE_FALSE(imported);
    CHECK(imported.failure().code == BH_E_EXHAUSTED);
    CHECK(World::files(disk.world.path + "/pool/images").empty());
}
