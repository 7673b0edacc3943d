#include "pam/helper/network.hpp"

#include "pam/guest/sample_for_test.hpp"
#include "pam/helper/machine.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::guest;

TEST_CASE("networkd gets the /128, the gateway on the link and no router advertisements") {
    CHECK(networkd_file(sample::first_boot()) ==
          "# Written by blockhost-guest from the first-boot data.\n"
          "[Match]\nMACAddress=52:54:00:12:34:56\n\n"
          "[Network]\nIPv6AcceptRA=no\nDHCP=no\nIPv6DuplicateAddressDetection=0\nKeepConfiguration=yes\n\n"
          "[Address]\nAddress=2001:db8:b10c::7/128\nDuplicateAddressDetection=none\n\n"
          "[Route]\nGateway=fe80::1\nGatewayOnLink=yes\n");
}

TEST_CASE("each resolver is a line") {
    FirstBoot first_boot = sample::first_boot();
    CHECK(resolv_conf(first_boot) == "# Written by blockhost-guest from the first-boot data.\n");
    first_boot.resolvers = "2001:db8::53 192.0.2.1";
    CHECK(resolv_conf(first_boot) ==
          "# Written by blockhost-guest from the first-boot data.\nnameserver 2001:db8::53\nnameserver 192.0.2.1\n");
}

TEST_CASE("the addresses are set at once by one run of ip") {
    CHECK(ip_batch(sample::first_boot(), "eth0") ==
          "link set dev lo up\nlink set dev eth0 up\naddress replace 2001:db8:b10c::7/128 dev eth0 nodad\n"
          "route replace default via fe80::1 dev eth0 onlink\n");
}

TEST_CASE("a listener on port 22 is seen, a connection or another port is none") {
    CHECK(listens_on_ssh(
        "  sl  local_address rem_address   st\n"
        "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000\n"));
    CHECK(!listens_on_ssh("   0: 0100007F:0016 0100007F:D2F0 01 00000000:00000000\n"));
    CHECK(!listens_on_ssh("   0: 00000000:0050 00000000:0000 0A 00000000:00000000\n"));
    CHECK(!listens_on_ssh(""));
}
