// What is kept and made on disk, and what is read from the configuration.
#include "plugins/hypervisor-qemu/command_line.hpp"
#include "plugins/hypervisor-qemu/config.hpp"
#include "plugins/hypervisor-qemu/seed.hpp"
#include "plugins/hypervisor-qemu/testing.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace hypervisor_qemu;
using namespace hypervisor_qemu::testing;

namespace {

std::string bytes_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

bh::VmSpec spec() {
    bh::VmSpec spec;
    spec.name = "bh-7-abcdef";
    spec.memory_bytes = std::uint64_t{512} << 20;
    bh::Volume volume;
    volume.kind = "file";
    volume.format = "qcow2";
    volume.path = "/pool/volumes/a.qcow2";
    volume.backing = "/pool/images/b.img";
    spec.volumes = {volume};
    spec.kernel = "/images/vmlinuz";
    spec.initrd = "/images/initrd.img";
    spec.cmdline = "root=LABEL=bhroot";
    spec.network = {"bh0123456789ab", "52:54:00:12:34:56", "2001:db8::7", "fe80::1"};
    return spec;
}

}  // namespace

TEST_CASE("the first-boot disk is an ISO9660 volume named cidata with the three files") {
    Directory directory;
    REQUIRE(write_seed(directory / "seed.iso", {"#cloud-config\nuser", "meta", "network"}));
    const std::string disk = bytes_of(directory / "seed.iso");
    REQUIRE(disk.size() > 40960);
    CHECK(disk.substr(16 * 2048 + 1, 5) == "CD001");
    CHECK(disk.substr(16 * 2048 + 40, 6) == "CIDATA");
    using namespace std::string_view_literals;
    CHECK(disk.substr(17 * 2048 + 40, 12) == "\0c\0i\0d\0a\0t\0a"sv);
    for (const char* text : {"#cloud-config\nuser", "meta", "network", "user-data", "meta-data", "network-config"})
        CHECK(disk.find(text) != std::string::npos);
    struct stat now{};
    REQUIRE(::stat((directory / "seed.iso").c_str(), &now) == 0);
    CHECK((now.st_mode & 0777) == 0660);
    CHECK_FALSE(write_seed(directory / "none/seed.iso", {"a", "b", "c"}));
}

TEST_CASE("a definition is whole or absent, and a damaged one is an error") {
    Directory directory;
    const Definitions definitions{directory / "."};
    Definition definition;
    definition.vm = "abc";
    definition.spec = spec();
    definition.stop = {true, {1700000000}, "boot"};
    REQUIRE(definitions.save(definition));
    const auto found = definitions.find("abc");
    REQUIRE(found);
    REQUIRE(*found);
    CHECK(bh::write_document(**found) == bh::write_document(definition));
    struct stat now{};
    REQUIRE(::stat((directory / "abc.json").c_str(), &now) == 0);
    CHECK((now.st_mode & 0777) == 0600);
    CHECK(definitions.find("none")->has_value() == false);
    CHECK(definitions.find("../abc").failure().code == BH_E_INVALID);
    std::filesystem::copy(directory / "abc.json", directory / "other.json");
    CHECK(definitions.find("other").failure().code == BH_E_CORRUPT);
    std::ofstream{directory / "abc.json"} << "{";
    CHECK(definitions.find("abc").failure().code == BH_E_CORRUPT);
    CHECK(*definitions.vms("", 10) == std::vector<std::string>{"abc", "other"});
    CHECK(*definitions.vms("abc", 10) == std::vector<std::string>{"other"});
    REQUIRE(definitions.remove("abc"));
    REQUIRE(definitions.remove("abc"));
}

TEST_CASE("the unit may open its own disk, its sockets and shared files, and nothing else") {
    const auto unit = unit_spec(spec(), {"/run/vm/a"}, Accelerator::kTcg);
    CHECK(unit.paths == std::vector<bh::UnitPath>{{"/run/vm/a", "rw", "directory"},
                                                  {"/images/vmlinuz", "ro", "file"},
                                                  {"/images/initrd.img", "ro", "file"},
                                                  {"/pool/volumes/a.qcow2", "rw", "file"},
                                                  {"/pool/images/b.img", "ro", "file"},
                                                  {"/run/vm/a/seed.iso", "rw", "file"}});
    CHECK(unit.fds == std::vector<bh::UnitFd>{{"bh0123456789ab", 0}});
    CHECK(unit.memory_bytes > spec().memory_bytes);
    const auto has = [&](const std::string& arg) { return std::ranges::find(unit.args, arg) != unit.args.end(); };
    CHECK(has("-nodefaults"));
    CHECK(has("tcg,thread=multi,tb-size=64"));
    CHECK(has("tap,id=net0,fd=3,vhost=off"));
    CHECK(has("virtserialport,chardev=guest,name=org.blockhost.guest.0"));
    CHECK(has("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"));
}

TEST_CASE("mistakes in the configuration are named") {
    const auto refused = [](const std::string& text, const std::string& field) {
        const auto config = read_config(text);
        REQUIRE_FALSE(config);
        CHECK(config.failure().message.find(field) != std::string::npos);
    };
    CHECK(read_config(R"({"state":"/s","run":"/r"})")->shutdown_grace_s == kDefaultGrace);
    CHECK(read_config(R"({"state":"/s","run":"/r","accelerator":"auto"})")->accelerator.empty());
    refused(R"({"run":"/r"})", "state");
    refused(R"({"state":"s","run":"/r"})", "/state");
    refused(R"({"state":"/s","run":"/r/"})", "/run");
    refused(R"({"state":"/s","run":"/)" + std::string(60, 'r') + "\"}", "/run");
    refused(R"({"state":"/s","run":"/r","accelerator":"xen"})", "/accelerator");
}
