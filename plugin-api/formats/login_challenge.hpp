// login-challenge-1: login-challenge-1.md. Plain values; safe on any thread. Draws no random numbers and reads no
// clock.
#pragma once

#include "plugin-api/crypto/address.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bh::formats {

inline constexpr std::size_t kMaxLoginChallenge = 1024;

struct LoginChallenge {
    std::string vm;
    crypto::Address address;  // whose signature is asked for
    std::string user;         // login name
    std::uint64_t chain_id = 0;
    std::array<std::uint8_t, 16> nonce{};
    std::int64_t issued = 0, expires = 0;  // Unix seconds
    std::string host_key;                  // "SHA256:..."
    std::string client;                    // address of the client; "unknown" when there is none
    bool operator==(const LoginChallenge&) const = default;
};

// BH_E_INVALID "bad_challenge" naming the field that breaks the format.
Result<std::string> login_challenge_text(const LoginChallenge& challenge);
// Takes exactly what login_challenge_text() makes.
Result<LoginChallenge> parse_login_challenge(std::string_view text);

// What personal_sign signs for this text.
crypto::Hash256 login_challenge_digest(std::string_view text);

}  // namespace bh::formats
