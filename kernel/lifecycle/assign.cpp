#include "kernel/lifecycle/assign.hpp"

#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/crypto/digest.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace bh::life {
namespace {

constexpr unsigned kAddressBits = 128, kLongestPrefix = 124, kCountedBits = 62;
constexpr std::uint64_t kLowest = 16;         // never assigned
constexpr std::uint64_t kMostTries = 65'536;  // in a prefix so full the operator needs another one
constexpr std::size_t kTapDigits = 12, kNameDigits = 6;

std::string text_of(const in6_addr& address) {
    char text[INET6_ADDRSTRLEN];
    ::inet_ntop(AF_INET6, &address, text, sizeof text);
    return text;
}

// Adds `host` to the network part.
in6_addr with_host(in6_addr network, std::uint64_t host) {
    for (int i = 15; i >= 8; --i) {
        network.s6_addr[i] = static_cast<std::uint8_t>(network.s6_addr[i] | (host & 0xff));
        host >>= 8;
    }
    return network;
}

struct Prefix {
    in6_addr network{};
    unsigned length = 0;
};

void clear_host(in6_addr& address, unsigned length) {
    for (unsigned bit = length; bit < kAddressBits; ++bit) {
        address.s6_addr[bit / 8] = static_cast<std::uint8_t>(address.s6_addr[bit / 8] & ~(0x80 >> (bit % 8)));
    }
}

std::optional<Prefix> parse_prefix(const std::string& text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) return std::nullopt;
    Prefix prefix;
    const char* begin = text.data() + slash + 1;
    const char* finish = text.data() + text.size();
    const auto [end, error] = std::from_chars(begin, finish, prefix.length);
    if (error != std::errc{} || end != finish || prefix.length > kAddressBits ||
        ::inet_pton(AF_INET6, text.substr(0, slash).c_str(), &prefix.network) != 1) {
        return std::nullopt;
    }
    clear_host(prefix.network, prefix.length);
    return prefix;
}

AddressSet words(const std::string& text) {
    AddressSet all;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        all.add(text.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

}  // namespace

std::optional<std::string> canonical_address(const std::string& text) {
    in6_addr address{};
    if (::inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::nullopt;
    return text_of(address);
}

std::optional<AddressSet::Bits> AddressSet::bits_of(const std::string& text) {
    Bits bits;
    if (::inet_pton(AF_INET6, text.c_str(), bits.data()) != 1) return std::nullopt;
    return bits;
}

void AddressSet::add(const std::string& text) {
    if (const auto bits = bits_of(text)) all_.insert(*bits);
}

bool AddressSet::contains(const std::string& text) const {
    const auto bits = bits_of(text);
    return bits && all_.contains(*bits);
}

Result<std::string> choose_address(const DelegationRow& delegation, const std::string& seed,
                                   const std::function<bool(const std::string&)>& taken) {
    const auto prefix = parse_prefix(delegation.prefix);
    if (!prefix || prefix->length > kLongestPrefix) {
        return invalid("prefix", "the delegated prefix '" + delegation.prefix + "' is not a prefix of at most /124");
    }
    const auto& [network, length] = *prefix;
    const unsigned host_bits = std::min(kAddressBits - length, kCountedBits);
    const std::uint64_t size = 1ULL << host_bits;
    std::uint64_t start = 0;
    const auto hash = crypto::sha256(crypto::bytes_of(seed));
    std::memcpy(&start, hash.data(), sizeof start);
    const auto reserved = words(delegation.reserved);
    // A /124 has no address above the lowest 16: there only the subnet-router anycast and the first are kept back.
    const std::uint64_t lowest = size > kLowest ? kLowest : 2;
    const std::uint64_t usable = size - lowest;
    for (std::uint64_t i = 0; i < std::min(usable, kMostTries); ++i) {
        const std::string address = text_of(with_host(network, lowest + (start + i) % usable));
        if (!reserved.contains(address) && !taken(address)) return address;
    }
    return Failure{BH_E_EXHAUSTED, "no_address", "the prefix " + delegation.prefix + " has no free address left", 0};
}

bool prefix_contains(const std::string& prefix, const std::string& address) {
    const auto parsed = parse_prefix(prefix);
    in6_addr inside{};
    if (!parsed || ::inet_pton(AF_INET6, address.c_str(), &inside) != 1) return false;
    clear_host(inside, parsed->length);
    return std::memcmp(&inside, &parsed->network, sizeof inside) == 0;
}

std::string vm_name(const std::string& subscription, const std::string& op_id) {
    return "bh-" + subscription + "-" + op_id.substr(0, kNameDigits);
}

std::string tap_name(const std::string& op_id) { return "bh" + op_id.substr(0, kTapDigits); }

std::string mac_address(const std::string& op_id) {
    return "52:54:00:" + op_id.substr(0, 2) + ":" + op_id.substr(2, 2) + ":" + op_id.substr(4, 2);
}

}  // namespace bh::life
