// What the tests of pam/ and tests/login share: a directory of their own, a VM's first-boot data, its host's key,
// wallets.
#pragma once

#include "pam/guest/files.hpp"
#include "pam/guest/places.hpp"
#include "pam/guest/statements.hpp"
#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace bh::guest::sample {

class Directory {
public:
    Directory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "blockhost-guest-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
        path = pattern;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() {
        std::error_code error;
        std::filesystem::remove_all(path, error);
    }
    std::string path;
};

inline crypto::Secret secret(std::uint8_t last) {
    Bytes bytes(32, 0x11);
    bytes.back() = last;
    return crypto::Secret::copy_of(bytes);
}
inline crypto::Secret statement_seed() { return secret(1); }
inline crypto::Secret owner_key() { return secret(2); }
inline crypto::Secret other_key() { return secret(3); }
inline std::string address_of(const crypto::Secret& key) {
    return crypto::Address::of(*crypto::PublicKey::of(key)).text();
}

inline constexpr std::int64_t kIssued = 1'764'024'000;
inline constexpr std::int64_t kExpires = kIssued + 900;
inline constexpr const char* kHostKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEPmgbjC1frrCv5VgTyvJ61p7S0nH50on76Vvyk+MiCo";

inline FirstBoot first_boot() {
    FirstBoot out;
    out.instance_id = "i-1";
    out.vm = out.hostname = "bh-7-3fa91c";
    out.login_user = "user";
    out.chain = "eip155:31337";
    out.contract = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    out.token = "7";
    out.statement_key = *crypto::ed25519_public_key(statement_seed());
    out.mac = "52:54:00:12:34:56";
    out.address = "2001:db8:b10c::7";
    out.gateway = "fe80::1";
    return out;
}

inline formats::OwnerStatement statement(std::uint64_t sequence = 5) {
    formats::OwnerStatement out;
    out.scheme = "eip191";
    out.owner = address_of(owner_key());
    out.chain = first_boot().chain;
    out.contract = first_boot().contract;
    out.token = first_boot().token;
    out.vm = first_boot().vm;
    out.height = 100;
    out.position = "0xabc";
    out.sequence = sequence;
    out.issued = kIssued;
    out.expires = kExpires;
    return out;
}
inline std::string signed_text(const formats::OwnerStatement& statement) {
    return *formats::sign_owner_statement(statement, statement_seed());
}

inline Places places_in(const Directory& directory) {
    Places places;
    places.state = directory.path + "/state";
    places.run = directory.path + "/run";
    places.host_key = directory.path + "/host_key.pub";
    return places;
}
// A VM after its first boot, without a statement.
inline Places booted(const Directory& directory) {
    const Places places = places_in(directory);
    if (!make_directory(places.state, 0700) || !make_directory(places.run, 0700) ||
        !replace_file(places.host_key, std::string{kHostKey} + " comment\n", 0644) ||
        !replace_file(places.first_boot(), stored_first_boot(first_boot()), 0600)) {
        throw std::runtime_error{"sample files"};
    }
    return places;
}

// What a wallet does: the hex of its signature over an EIP-191 message.
inline std::string wallet_signature(const crypto::Secret& key, std::string_view text) {
    return crypto::hex0x(crypto::sign(key, crypto::eip191_hash(crypto::bytes_of(text)))->encoded());
}

// The second form of the same signature: n - s, and the other parity.
inline std::string high_s_form(const std::string& hex) {
    constexpr std::string_view kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    const Bytes order = *crypto::parse_hex(kOrder);
    Bytes bytes = *crypto::parse_hex(hex);
    int borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
        const int difference = static_cast<int>(order[i]) - static_cast<int>(bytes[32 + i]) - borrow;
        borrow = difference < 0 ? 1 : 0;
        bytes[32 + i] = static_cast<std::uint8_t>(difference + borrow * 256);
    }
    bytes[64] = static_cast<std::uint8_t>(bytes[64] == 27 ? 28 : 27);
    return crypto::hex0x(bytes);
}

}  // namespace bh::guest::sample
