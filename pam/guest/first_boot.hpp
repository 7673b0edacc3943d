// first-boot-1: what the host's seed tells a guest (../first-boot.md). Pure functions over text.
#pragma once

#include "plugin-api/crypto/ed25519.hpp"

#include <string>
#include <string_view>

namespace bh::guest {

inline constexpr std::size_t kMaxUserData = std::size_t{64} * 1024;

struct FirstBoot {
    std::string instance_id;
    std::string vm, hostname, login_user;
    std::string chain, contract, credential, token, seal_text;
    crypto::Ed25519PublicKey statement_key{};
    std::string mac, address, gateway;
    std::string resolvers;  // with one space between them; may be empty
    bool sudo = true;
    bool cloud_init = false;
    bool operator==(const FirstBoot&) const = default;
};

// From the seed's files. BH_E_INVALID "bad_first_boot" naming the key or line, and what it must be.
Result<FirstBoot> parse_first_boot(std::string_view user_data, std::string_view meta_data);

// As stored: the same map with the instance-id in it.
std::string stored_first_boot(const FirstBoot& first_boot);
Result<FirstBoot> parse_stored_first_boot(std::string_view text);

}  // namespace bh::guest
