#include "plugins/storage-dir/testing.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <array>
#include <thread>

using namespace storage_dir;
using namespace storage_dir::testing;

namespace {

const std::string kOp = "0123456789abcdef0123456789abcdef01234567";

std::string printed(const bh::RunResult& result) { return {result.output.begin(), result.output.end()}; }

}  // namespace

TEST_CASE("an image is copied into the pool once, and its digest is verified") {
    World world;
    const auto storage = world.storage();
    const auto image = world.image();
    const auto imported = storage->image_import(Call{kOp}, image);
    REQUIRE(imported);
    CHECK(imported->path == world.path + "/pool/images/" + image.digest.substr(7) + ".img");
    CHECK(imported->size_bytes == std::uint64_t{8} << 20);
    CHECK(World::described("base", imported->path, "qcow2").digest == image.digest);
    struct stat now{};
    REQUIRE(::stat(imported->path.c_str(), &now) == 0);
    CHECK((now.st_mode & 0777) == 0644);

    std::filesystem::remove(image.path);
    const int runs = world.kernel.runs;
    const auto again = storage->image_import(Call{"other"}, image);
    REQUIRE(again);
    CHECK(again->path == imported->path);
    CHECK(world.kernel.runs == runs);
}

// Two orders that came in one block: one import removed the other's copy, and a buyer was declined.
TEST_CASE("imports of one image at once, under one op_id, make it once") {
    World world;
    const auto storage = world.storage();
    const auto image = world.image();
    std::array<std::string, 4> ends;
    std::vector<std::thread> threads;
    for (std::string& end : ends) {
        threads.emplace_back([&] {
            for (;;) {
                const auto imported = storage->image_import(Call{kOp}, image);
                end = imported ? imported->path : imported.failure().message;
                if (imported || imported.failure().code != BH_PENDING) return;
                std::this_thread::yield();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::string& end : ends) CHECK(end == world.path + "/pool/images/" + image.digest.substr(7) + ".img");
    CHECK(World::files(world.path + "/pool/images").size() == 2);
}

TEST_CASE("an image that is not what it should be leaves nothing in the pool") {
    World world;
    const auto storage = world.storage();
    const auto refused = [&](const bh::Image& image, const std::string& reason) {
        const auto imported = storage->image_import(Call{kOp}, image);
        REQUIRE_FALSE(imported);
        CHECK(imported.failure().code == BH_E_INVALID);
        CHECK(imported.failure().reason == reason);
        CHECK(World::files(world.path + "/pool/images").empty());
    };
    auto image = world.image();
    image.digest.back() = image.digest.back() == '0' ? '1' : '0';
    refused(image, "digest_differs");
    image.digest = "md5:1";
    refused(image, "digest");
    auto absent = world.image();
    absent.path = world.path + "/none";
    refused(absent, "image_missing");
    auto wrong = world.image();
    wrong.format = "vmdk";
    refused(wrong, "image_format");
    std::ofstream{world.path + "/text"} << "not qcow2";
    refused(World::described("text", world.path + "/text", "qcow2"), "image_format");
    REQUIRE(run_program("qemu-img", {"create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", world.path + "/base.qcow2",
                                     world.path + "/overlay"})
                .exit_code == 0);
    refused(World::described("overlay", world.path + "/overlay", "qcow2"), "image_backing");
}

TEST_CASE("an import that is told to stop leaves nothing") {
    World world;
    const auto storage = world.storage();
    Call call{kOp};
    call.stop = BH_CANCEL_ORDER;
    CHECK(storage->image_import(call, world.image()).failure().code == BH_E_CANCELLED);
    CHECK(World::files(world.path + "/pool/images").empty());
}

TEST_CASE("a volume is an overlay of its image with the size that was asked for") {
    World world;
    const auto storage = world.storage();
    const auto image = *storage->image_import(Call{"import"}, world.image());
    const auto volume = storage->volume_create(Call{kOp}, spec_of(image.digest));
    REQUIRE(volume);
    CHECK(volume->created_by == kOp);
    CHECK(volume->instance == "dir");
    CHECK(volume->path == world.path + "/pool/volumes/" + kOp + ".qcow2");
    CHECK(volume->backing == image.path);
    CHECK(volume->tags == spec_of("").tags);
    CHECK(run_program("qemu-img", {"check", "-q", volume->path}).exit_code == 0);
    const std::string info = printed(run_program("qemu-img", {"info", "--output=json", volume->path}));
    CHECK(info.find("\"virtual-size\": 67108864") != std::string::npos);
    CHECK(info.find(image.path) != std::string::npos);
    struct stat now{};
    REQUIRE(::stat(volume->path.c_str(), &now) == 0);
    CHECK((now.st_mode & 0777) == 0660);
}

TEST_CASE("the same op_id is the same volume, another spec is a conflict") {
    World world;
    const auto first = world.storage()->volume_create(Call{kOp}, spec_of(""));
    REQUIRE(first);
    std::ofstream{first->path, std::ios::app} << "a guest wrote this";
    const auto size = std::filesystem::file_size(first->path);
    const auto storage = world.storage();  // after a restart
    const auto again = storage->volume_create(Call{kOp}, spec_of(""));
    REQUIRE(again);
    CHECK(bh::to_json(*again) == bh::to_json(*first));
    CHECK(std::filesystem::file_size(first->path) == size);
    CHECK(storage->volume_create(Call{kOp}, spec_of("", 1 << 20)).failure().code == BH_E_CONFLICT);
    CHECK(storage->volume_list("")->volumes.size() == 1);
}

TEST_CASE("an attempt that died before or after the volume was made is finished by the next one") {
    World world;
    const auto storage = world.storage();
    const auto volume = *storage->volume_create(Call{kOp}, spec_of(""));
    const Records records{world.path + "/pool/volumes"};
    auto record = **records.find(kOp);
    record.state = "making";
    REQUIRE(records.save(kOp, record));
    const bool removed = GENERATE(false, true);
    if (removed) std::filesystem::rename(volume.path, world.path + "/pool/volumes/." + kOp + ".new");
    CHECK(storage->volume_list("")->volumes.size() == 1);
    const auto again = storage->volume_create(Call{kOp}, spec_of(""));
    REQUIRE(again);
    CHECK(std::filesystem::exists(volume.path));
    CHECK((*records.find(kOp))->state == "ready");
    CHECK(World::files(world.path + "/pool/volumes").size() == 2);
}

TEST_CASE("an unfinished volume goes when the order was cancelled and stays when the kernel stops") {
    World world;
    const auto storage = world.storage();
    REQUIRE(storage->volume_create(Call{kOp}, spec_of("")));
    const Records records{world.path + "/pool/volumes"};
    auto record = **records.find(kOp);
    record.state = "making";
    REQUIRE(records.save(kOp, record));
    std::filesystem::remove(record.volume.path);
    Call call{kOp};
    call.stop = BH_CANCEL_SHUTDOWN;
    CHECK(storage->volume_create(call, spec_of("")).failure().code == BH_E_INTERRUPTED);
    CHECK(World::files(world.path + "/pool/volumes").size() == 1);
    call.stop = BH_CANCEL_ORDER;
    CHECK(storage->volume_create(call, spec_of("")).failure().code == BH_E_CANCELLED);
    CHECK(World::files(world.path + "/pool/volumes").empty());
}

TEST_CASE("a volume that was lost is never silently made anew") {
    World world;
    const auto storage = world.storage();
    const auto volume = *storage->volume_create(Call{kOp}, spec_of(""));
    std::filesystem::remove(volume.path);
    CHECK(storage->volume_create(Call{kOp}, spec_of("")).failure().code == BH_E_CORRUPT);
}

TEST_CASE("files that were not made here are left alone") {
    World world;
    const auto storage = world.storage();
    const std::string foreign = world.path + "/pool/volumes/" + kOp + ".qcow2";
    std::ofstream{foreign} << "precious";
    CHECK(storage->volume_create(Call{kOp}, spec_of("")).failure().code == BH_E_CONFLICT);
    CHECK(storage->volume_delete(Call{"x"}, kOp).failure().code == BH_E_DENIED);
    CHECK(storage->volume_list("")->volumes.empty());
    CHECK(std::filesystem::file_size(foreign) == 8);
    CHECK(storage->volume_delete(Call{"x"}, "../../etc/passwd").failure().code == BH_E_INVALID);
}

TEST_CASE("specs that can't be served are refused and leave nothing") {
    World world;
    const auto storage = world.storage();
    const auto image = *storage->image_import(Call{"import"}, world.image());
    const auto refused = [&](const bh::VolumeSpec& spec, const std::string& reason) {
        const auto made = storage->volume_create(Call{kOp}, spec);
        REQUIRE_FALSE(made);
        CHECK(made.failure().code == BH_E_INVALID);
        CHECK(made.failure().reason == reason);
        CHECK(World::files(world.path + "/pool/volumes").empty());
    };
    refused(spec_of("sha256:" + std::string(64, '0')), "image_unknown");
    refused(spec_of("latest"), "digest");
    refused(spec_of(image.digest, 4 << 20), "size");
    refused(spec_of("", 0), "size");
    refused(spec_of("", 1000), "size");
    refused(spec_of("", UINT64_MAX / 512 * 512), "size");
}

TEST_CASE("a volume grows and never shrinks") {
    World world;
    const auto storage = world.storage();
    const auto volume = *storage->volume_create(Call{kOp}, spec_of(""));
    REQUIRE(storage->volume_resize(Call{"r"}, kOp, std::uint64_t{128} << 20));
    CHECK(printed(run_program("qemu-img", {"info", volume.path})).find("128 MiB") != std::string::npos);
    CHECK(storage->volume_list("")->volumes.front().size_bytes == std::uint64_t{128} << 20);
    CHECK(storage->volume_resize(Call{"r"}, kOp, std::uint64_t{32} << 20));
    CHECK(printed(run_program("qemu-img", {"info", volume.path})).find("128 MiB") != std::string::npos);
    CHECK(storage->volume_resize(Call{"r"}, "none", std::uint64_t{32} << 20).failure().code == BH_E_NOT_FOUND);
}

TEST_CASE("deleting takes everything of the volume and may be repeated") {
    World world;
    const auto storage = world.storage();
    REQUIRE(storage->volume_create(Call{kOp}, spec_of("")));
    REQUIRE(storage->volume_create(Call{"other"}, spec_of("")));
    CHECK(storage->volume_delete(Call{"d"}, kOp));
    CHECK(storage->volume_delete(Call{"d"}, kOp));
    const auto left = storage->volume_list("")->volumes;
    REQUIRE(left.size() == 1);
    CHECK(left.front().volume == "other");
    CHECK(World::files(world.path + "/pool/volumes").size() == 2);
}

TEST_CASE("many volumes are listed page by page") {
    World world;
    const auto storage = world.storage();
    const auto volume = *storage->volume_create(Call{"a"}, spec_of(""));
    const Records records{world.path + "/pool/volumes"};
    auto record = **records.find("a");
    for (int i = 1000; i < 1450; ++i) {
        record.volume.volume = "b" + std::to_string(i);
        REQUIRE(records.save(record.volume.volume, record));
    }
    std::size_t count = 0;
    std::string page;
    do {
        const auto listed = storage->volume_list(page);
        REQUIRE(listed);
        count += listed->volumes.size();
        page = listed->next;
    } while (!page.empty());
    CHECK(count == 451);
}

TEST_CASE("a damaged record is an error and touches nothing") {
    World world;
    const auto storage = world.storage();
    const auto volume = *storage->volume_create(Call{kOp}, spec_of(""));
    std::ofstream{world.path + "/pool/volumes/" + kOp + ".json"} << "{";
    CHECK(storage->volume_create(Call{kOp}, spec_of("")).failure().code == BH_E_CORRUPT);
    CHECK(storage->volume_delete(Call{"d"}, kOp).failure().code == BH_E_CORRUPT);
    CHECK(storage->volume_list("").failure().code == BH_E_CORRUPT);
    CHECK(std::filesystem::exists(volume.path));
}

TEST_CASE("the reserve is kept") {
    World world;
    auto storage = StorageDir::create(world.kernel.kernel(),
                                      R"({"path":")" + world.path + R"(/pool","reserve_bytes":9007199254740992})");
    REQUIRE(storage);
    CHECK((*storage)->volume_create(Call{kOp}, spec_of("")).failure().code == BH_E_EXHAUSTED);
    CHECK(World::files(world.path + "/pool/volumes").empty());
}

TEST_CASE("check and pools look and change nothing") {
    World world;
    const auto findings = StorageDir::check(world.kernel.kernel(), R"({"path":")" + world.path + R"(/pool"})", 0);
    REQUIRE(findings);
    CHECK(findings->empty());
    CHECK(World::files(world.path).empty());
    CHECK(StorageDir::check(world.kernel.kernel(), R"({"path":"pool"})", 0)->front().field == "/path");
    CHECK(StorageDir::check(world.kernel.kernel(), R"({"path":"/nowhere/at/all"})", 0)->front().severity == "error");
    const auto pools = world.storage()->pools();
    REQUIRE(pools);
    CHECK(pools->front().path == world.path + "/pool");
    CHECK(pools->front().size_bytes > 0);
    CHECK_FALSE(pools->front().erases);
}
