// The pretended storage and IPv6 provider obey the job rules, and what they made survives SIGKILL.
#include "tests/plugins/harness.hpp"
#include "tests/plugins/mem-ipv6/state.hpp"
#include "tests/plugins/mem-storage/state.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::mem;
using namespace bh::mem::test;

namespace {

struct Storage : Plugged {
    explicit Storage(const std::string& state) : Plugged{"org.blockhost.mem-storage", state} {}
    const bh_storage& verbs = table<bh_storage>(BH_STORAGE);

    Result<Volume> create(Job& job, const VolumeSpec& spec) {
        return document(parse_volume, [&, text = to_json(spec)](bh_sink out, bh_error* err) {
            return verbs.volume_create(self(), job.next(), sdk::str(text), out, err);
        });
    }
    Status remove(Job& job, const std::string& volume) {
        return status([&](bh_error* err) { return verbs.volume_delete(self(), job.next(), sdk::str(volume), err); });
    }
    Result<VolumePage> list(std::string_view page = {}) {
        return document(parse_volume_page, [&](bh_sink out, bh_error* err) {
            return verbs.volume_list(self(), sdk::str(page), out, err);
        });
    }
    Status resize(Job& job, const std::string& volume, std::uint64_t size) {
        return status(
            [&](bh_error* err) { return verbs.volume_resize(self(), job.next(), sdk::str(volume), size, err); });
    }
    Result<Image> import(Job& job, const Image& image) {
        return document(parse_image, [&, text = to_json(image)](bh_sink out, bh_error* err) {
            return verbs.image_import(self(), job.next(), sdk::str(text), out, err);
        });
    }
};

const VolumeSpec kSpec{"bh-7-system", "", 1000, {"mem:1", "0xc0", "subscription:7", "system", "e"}};

}  // namespace

TEST_CASE("the same op_id and specification is one volume, another specification a conflict") {
    const TempDir dir;
    Storage storage{dir.file("storage")};
    Job job{"op-1"};
    const auto first = storage.create(job, kSpec);
    REQUIRE(first);
    CHECK(first->created_by == "op-1");
    CHECK(first->instance == "mem");
    CHECK(first->tags == kSpec.tags);
    CHECK(job.saved == first->volume);
    CHECK(storage.create(job, kSpec)->volume == first->volume);
    CHECK(storage.list()->volumes.size() == 1);
    VolumeSpec other = kSpec;
    other.size_bytes = 1001;
    CHECK(storage.create(job, other).failure().code == BH_E_CONFLICT);
}

TEST_CASE("a full pool, a missing image and growth are told") {
    const TempDir dir;
    Storage storage{dir.file("storage")};
    StorageBackend backend{dir.file("storage")};
    backend.edit([](StorageState& state) { state.capacity_bytes = 1500; });
    Job first{"op-1"}, second{"op-2"}, other{"op-3"};
    REQUIRE(storage.create(first, kSpec));
    CHECK(storage.create(second, kSpec).failure().reason == "pool_full");
    CHECK(storage.resize(other, "vol-op-1", 1500));
    CHECK(storage.resize(other, "vol-op-1", 100));
    CHECK(storage.resize(other, "vol-op-1", 1501).failure().code == BH_E_EXHAUSTED);
    CHECK(storage.resize(other, "vol-none", 1).failure().code == BH_E_NOT_FOUND);
    VolumeSpec cloned = kSpec;
    cloned.size_bytes = 0;
    cloned.image_digest = "sha256:00";
    CHECK(storage.create(second, cloned).failure().reason == "image_missing");
    REQUIRE(storage.import(other, {"debian-12", "sha256:00", "/img", "qcow2", 1, "", "", "", {}}));
    CHECK(storage.create(second, cloned)->backing == "/img");
}

TEST_CASE("removing is idempotent") {
    const TempDir dir;
    Storage storage{dir.file("storage")};
    Job job{"op-1"}, end{"op-2"};
    const auto volume = storage.create(job, kSpec);
    REQUIRE(volume);
    CHECK(storage.remove(end, to_json(*volume)));
    CHECK(storage.remove(end, volume->volume));
    CHECK(storage.list()->volumes.empty());
}

TEST_CASE("pages follow each other to the end") {
    const TempDir dir;
    Storage storage{dir.file("storage")};
    StorageBackend backend{dir.file("storage")};
    backend.edit([](StorageState& state) {
        for (int i = 0; i < 250; ++i) {
            Volume volume;
            volume.volume = "v" + std::to_string(i);
            state.volumes.push_back({volume, {}});
        }
    });
    std::size_t seen = 0;
    std::string page;
    do {
        const auto some = storage.list(page);
        REQUIRE(some);
        seen += some->volumes.size();
        page = some->next;
    } while (!page.empty());
    CHECK(seen == 250);
    CHECK(storage.list("x").failure().code == BH_E_INVALID);
}

TEST_CASE("injected failures happen as often as asked, and do nothing") {
    const TempDir dir;
    Storage storage{dir.file("storage")};
    StorageBackend backend{dir.file("storage")};
    Fault fault;
    fault.verb = "volume_create";
    fault.times = 2;
    fault.status = BH_E_BUSY;
    backend.fail(fault);
    Job job{"op-1"};
    CHECK(storage.create(job, kSpec).failure().code == BH_E_BUSY);
    CHECK(storage.create(job, kSpec).failure().code == BH_E_BUSY);
    CHECK(backend.look().volumes.empty());
    CHECK(storage.create(job, kSpec));
    CHECK(backend.calls("volume_create") == 3);
}

TEST_CASE("a lost answer has had its effect, and the next attempt finds it") {
    const TempDir dir;
    Storage storage{dir.file("storage")};
    StorageBackend backend{dir.file("storage")};
    Fault fault;
    fault.verb = "volume_create";
    fault.lost = true;
    backend.fail(fault);
    Job job{"op-1"};
    CHECK(storage.create(job, kSpec).failure().code == BH_E_UNKNOWN_OUTCOME);
    CHECK(backend.look().volumes.size() == 1);
    CHECK(storage.create(job, kSpec));
    CHECK(backend.look().volumes.size() == 1);
}

TEST_CASE("a process killed around the effect leaves one volume after the next attempt") {
    for (const char* when : {"before", "after"}) {
        CAPTURE(when);
        const TempDir dir;
        StorageBackend backend{dir.file("storage")};
        Fault fault;
        fault.verb = "volume_create";
        fault.kill = when;
        backend.fail(fault);
        const auto attempt = [&] {
            Storage storage{dir.file("storage")};
            Job job{"op-1"};
            if (!storage.create(job, kSpec)) throw std::runtime_error{"create failed"};
        };
        CHECK(signal_of(attempt) == SIGKILL);
        CHECK(backend.look().volumes.size() == (std::string_view{when} == "after" ? 1u : 0u));
        CHECK(signal_of(attempt) == 0);
        CHECK(backend.look().volumes.size() == 1);
    }
}

TEST_CASE("a delay ends when the call is cancelled") {
    const TempDir dir;
    Storage storage{dir.file("storage")};
    StorageBackend backend{dir.file("storage")};
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    REQUIRE(::write(pipe[1], "x", 1) == 1);
    Fault fault;
    fault.verb = "volume_create";
    fault.delay_ms = 600000;
    backend.fail(fault);
    Job job{"op-1"};
    job.call.cancel_fd = pipe[0];
    job.cancel = BH_CANCEL_SHUTDOWN;
    CHECK(storage.create(job, kSpec).failure().code == BH_E_INTERRUPTED);
    CHECK(backend.look().volumes.empty());
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_CASE("a state file that is damaged is corrupt, not empty") {
    const TempDir dir;
    Storage storage{dir.file("storage")};
    REQUIRE(StateFile{dir.file("storage")}.edit([](std::string& text) {
        text = "{";
        return Status{};
    }));
    CHECK(storage.list().failure().code == BH_E_CORRUPT);
}

TEST_CASE("delegations are one per op_id, renewed until forgotten, and run out") {
    const TempDir dir;
    Plugged provider{"org.blockhost.mem-ipv6", dir.file("ipv6")};
    Ipv6Backend backend{dir.file("ipv6")};
    const auto& verbs = provider.table<bh_ipv6>(BH_IPV6);
    const auto acquire = [&](Job& job, const DelegationRequest& request) {
        return Plugged::document(parse_delegation, [&, text = to_json(request)](bh_sink out, bh_error* err) {
            return verbs.delegation_acquire(provider.self(), job.next(), sdk::str(text), out, err);
        });
    };
    const auto renew = [&](Job& job, const std::string& id) {
        return Plugged::document(parse_delegation, [&](bh_sink out, bh_error* err) {
            return verbs.delegation_renew(provider.self(), job.next(), sdk::str(id), out, err);
        });
    };
    Job first{"op-1"}, second{"op-2"}, third{"op-3"};
    const auto one = acquire(first, {});
    REQUIRE(one);
    CHECK(one->prefix == "2001:db8:b10c:1::/64");
    CHECK(acquire(first, {})->delegation == one->delegation);
    CHECK(acquire(first, {64, {}}).failure().code == BH_E_CONFLICT);
    CHECK(acquire(second, {56, {}}).failure().code == BH_E_INVALID);
    CHECK(acquire(second, {64, {}})->prefix == "2001:db8:b10c:2::/64");
    backend.edit([](Ipv6State& state) { state.limit = 2; });
    CHECK(acquire(third, {}).failure().code == BH_E_EXHAUSTED);
    CHECK(renew(third, one->delegation)->prefix == one->prefix);
    for (int i = 0; i < 2; ++i)
        CHECK(Plugged::status([&](bh_error* err) {
            return verbs.delegation_release(provider.self(), third.next(), sdk::str(one->delegation), err);
        }));
    CHECK(renew(third, one->delegation).failure().code == BH_E_NOT_FOUND);
}
