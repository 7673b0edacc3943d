#include "plugins/chain-evm/chain/profile.hpp"
#include "plugins/chain-evm/rpc/url.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace bh;
using namespace bh::evm;

TEST_CASE("every chain file is whole and named after itself") {
    std::set<std::uint64_t> ids;
    for (const std::string& name : built_in_profile_names()) {
        const auto profile = built_in_profile(name);
        INFO(name);
        REQUIRE(profile.ok());
        CHECK(profile->name == name);
        CHECK(ids.insert(profile->chain_id).second);
        CHECK(profile->fees.max_fee_gwei > 0);
        CHECK_FALSE(profile->coin.symbol.empty());
    }
    CHECK(ids.size() == 7);
    CHECK(built_in_profile("devnet")->caip2() == "eip155:31337");
    CHECK(built_in_profile("moon").failure().message.find("sepolia") != std::string::npos);
}

TEST_CASE("URLs are taken apart, and never repeated when they are bad") {
    const auto url = parse_url("https://user:pw@node.example:8443/v3/key?x=1");
    REQUIRE(url.ok());
    CHECK(url->origin == "https://node.example:8443");
    CHECK(url->path == "/v3/key?x=1");
    CHECK(url->user_info == "user:pw");
    CHECK(parse_url("http://[::1]:8545")->path == "/");
    for (const char* bad :
         {"", "ftp://key", "http://", "https://key key", "http://host/key#x", "key", "http://ho$st"}) {
        const auto out = parse_url(bad);
        REQUIRE_FALSE(out.ok());
        CHECK(out.failure().message.find("key") == std::string::npos);
    }
}
