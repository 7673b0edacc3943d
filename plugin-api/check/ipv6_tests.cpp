// What a provider of prefixes owes besides the job rules.
#include "plugin-api/check/jobs.hpp"
#include "plugin-api/documents/ipv6.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace bh::check {
namespace {

using nlohmann::json;

struct Prefix {
    std::array<std::uint8_t, 16> bytes{};
    unsigned length = 0;
};

// Canonical: as inet_ntop writes it, nothing set behind the length.
Prefix parse_prefix(const std::string& text) {
    const std::size_t slash = text.find('/');
    require(slash != std::string::npos, "the prefix " + text + " has no length");
    Prefix prefix;
    const std::string address = text.substr(0, slash);
    require(::inet_pton(AF_INET6, address.c_str(), prefix.bytes.data()) == 1,
            "the prefix " + text + " is no IPv6 prefix");
    const auto [end, error] = std::from_chars(text.data() + slash + 1, text.data() + text.size(), prefix.length);
    require(error == std::errc{} && end == text.data() + text.size() && prefix.length <= 128,
            "the prefix " + text + " has a length that is none");
    char canonical[INET6_ADDRSTRLEN];
    ::inet_ntop(AF_INET6, prefix.bytes.data(), canonical, sizeof canonical);
    require(address == canonical, "the prefix " + text + " is not in its canonical form, which is " + canonical);
    for (unsigned bit = prefix.length; bit < 128; ++bit)
        require((prefix.bytes[bit / 8] & (0x80u >> bit % 8)) == 0,
                "the prefix " + text + " has bits behind its length");
    return prefix;
}

bool overlap(const Prefix& a, const Prefix& b) {
    for (unsigned bit = 0; bit < std::min(a.length, b.length); ++bit)
        if (((a.bytes[bit / 8] ^ b.bytes[bit / 8]) & (0x80u >> bit % 8)) != 0) return false;
    return true;
}

Delegation acquire(Stage& stage, const std::string& op_id, const std::string& request) {
    const Attempt made = attempt(stage, ipv6_kind().maker->make, op_id, 1, request);
    require(made.ok(), "delegation_acquire: " + made.said);
    return require_ok(parse_delegation(made.text), "delegation_acquire");
}

std::vector<std::uint32_t> lengths(Stage& stage) {
    const json offered = stage.apart([&]() -> json {
        const Session session{stage};
        const Answer answer = session.ask("describe", [&](bh_sink o, bh_error* e) {
            return session.table<bh_ipv6>(BH_IPV6).describe(session.self, o, e);
        });
        return require_ok(parse_ipv6_description(answer.text), "describe").prefix_lengths;
    });
    return offered.get<std::vector<std::uint32_t>>();
}

void prefix(Stage& stage) {
    const std::string request = ipv6_kind().maker->request(stage, 0);
    const Delegation first = acquire(stage, "prefix-1", request);
    const Prefix one = parse_prefix(first.prefix);
    const auto offered = lengths(stage);
    require(std::find(offered.begin(), offered.end(), one.length) != offered.end(),
            "the prefix " + first.prefix + " has a length that describe() does not offer");
    require(first.mode == "routed" || first.mode == "on-link",
            "the mode " + first.mode + " is neither routed nor on-link");
    for (const std::string& address : first.reserved) {
        std::array<std::uint8_t, 16> bytes{};
        require(::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1,
                "reserved: " + address + " is no IPv6 address");
        require(overlap(one, {bytes, 128}), "reserved: " + address + " is not inside " + first.prefix);
    }
    const Attempt more = attempt(stage, ipv6_kind().maker->make, "prefix-2", 1, request);
    if (more.status == BH_E_EXHAUSTED) return;
    require(more.ok(), "a second delegation_acquire: " + more.said);
    const std::string second = require_ok(parse_delegation(more.text), "delegation_acquire").prefix;
    require(!overlap(one, parse_prefix(second)), "two delegations overlap: " + first.prefix + " and " + second);
}

void renew(Stage& stage) {
    const std::string request = ipv6_kind().maker->request(stage, 0);
    // Beside another one, where there is room for two.
    const Attempt other = attempt(stage, ipv6_kind().maker->make, "renew-0", 1, request);
    const bool alone = attempt(stage, ipv6_kind().maker->make, "renew-1", 1, request).status == BH_E_EXHAUSTED;
    const std::string op_id = alone ? "renew-0" : "renew-1";
    require(other.ok(), "delegation_acquire: " + other.said);
    const Delegation first = acquire(stage, op_id, request);
    const JobVerb verb = [](const Session& s, const bh_call* c, bh_str id, bh_sink o, bh_error* e) {
        return s.table<bh_ipv6>(BH_IPV6).delegation_renew(s.self, c, id, o, e);
    };
    const Attempt renewed = attempt(stage, verb, "renew-2", 1, first.delegation);
    require(renewed.ok(), "delegation_renew: " + renewed.said);
    const Delegation after = require_ok(parse_delegation(renewed.text), "delegation_renew");
    require(after.prefix == first.prefix && after.delegation == first.delegation && after.created_by == op_id,
            "delegation_renew gives another delegation than it was given");
}

void length(Stage& stage) {
    const auto offered = lengths(stage);
    require(!offered.empty(), "describe() offers no prefix length");
    std::uint32_t other = 3;
    while (std::find(offered.begin(), offered.end(), other) != offered.end()) ++other;
    const Attempt made = attempt(stage, ipv6_kind().maker->make, "length-1", 1,
                                 merged(ipv6_kind().maker->request(stage, 0), {{"prefix_length", other}}));
    require(made.status == BH_E_INVALID || made.status == BH_E_UNSUPPORTED,
            "delegation_acquire of a /" + std::to_string(other) + ", which describe() does not offer, answers " +
                made.said);
}

}  // namespace

std::vector<Test> ipv6_tests() {
    return {
        {"ipv6.prefix", "Prefixes are canonical, of a length on offer, and do not overlap.", BH_IPV6, anywhere(),
         prefix},
        {"ipv6.renew", "A renewed delegation is the same one.", BH_IPV6, anywhere(), renew},
        {"ipv6.length", "A length that is not on offer is refused.", BH_IPV6, anywhere(), length},
    };
}

}  // namespace bh::check
