#include "plugins/ipv6-static/config.hpp"

#include "plugin-api/documents/codec.hpp"

#include <algorithm>

namespace bh::ipv6_static {

// The raw configuration, as the manifest's schema describes it.
struct RawConfig {
    std::string prefix, mode, uplink;
    std::vector<std::string> reserved;
};
template <class F>
void fields(F& f, Is<RawConfig> auto& x) {
    f.required("prefix", x.prefix, "");
    f.required("mode", x.mode, "");
    f.optional("uplink", x.uplink, "");
    f.optional("reserved", x.reserved, "");
}

namespace {

constexpr unsigned kShortest = 32, kLongest = 124, kFewVms = 112;
constexpr std::size_t kMaxReserved = 256;

class Judge {
public:
    void error(std::string field, std::string message, std::string remedy) {
        findings.push_back({std::move(field), "error", std::move(message), std::move(remedy)});
    }
    void warning(std::string field, std::string message, std::string remedy) {
        findings.push_back({std::move(field), "warning", std::move(message), std::move(remedy)});
    }
    std::vector<Finding> findings;
};

void judge_prefix(Judge& judge, const std::string& text, Prefix& prefix) {
    auto parsed = parse_prefix(text);
    if (!parsed)
        return judge.error("/prefix", "\"" + text + "\" is not usable: " + parsed.failure().message + ".",
                           "Write the prefix as your provider assigned it, for example 2001:db8:1::/64.");
    prefix = *parsed;
    if (text != prefix.text())
        return judge.error("/prefix", "\"" + text + "\" is not the usual way to write this prefix.",
                           "Write " + prefix.text() + ".");
    switch (prefix.scope()) {
        case Scope::unusable:
            return judge.error(
                "/prefix", text + " holds no addresses that a VM can have.",
                "Use a prefix out of 2000::/3 that is assigned to you, or out of fc00::/7 for a private network.");
        case Scope::documentation:
            judge.warning("/prefix",
                          text + " is reserved for documentation: nothing outside this machine can reach it.",
                          "Fine for a trial; for real use enter the prefix that your provider assigned to you.");
            break;
        case Scope::unique_local:
            judge.warning("/prefix", text + " is private: VMs are reached from your own network only.",
                          "Fine inside a company; for buyers on the Internet use a global prefix.");
            break;
        case Scope::global:
            break;
    }
    if (prefix.length < kShortest)
        return judge.error("/prefix",
                           "/" + std::to_string(prefix.length) + " is larger than any provider gives to one host.",
                           "Enter the part that is routed to this host, usually a /48 to a /64.");
    if (prefix.length > kLongest)
        return judge.error("/prefix", "/" + std::to_string(prefix.length) + " has room for hardly any VM.",
                           "Use a prefix of /" + std::to_string(kLongest) + " or shorter.");
    if (prefix.length > kFewVms)
        judge.warning("/prefix", "This prefix has only " + std::to_string(1U << (128 - prefix.length)) + " addresses.",
                      "Ask your provider for a /64 if you want to sell more VMs than that.");
}

void judge_reserved(Judge& judge, const RawConfig& raw, const Prefix& prefix, std::vector<std::string>& reserved) {
    if (raw.reserved.size() > kMaxReserved)
        return judge.error("/reserved", "More than " + std::to_string(kMaxReserved) + " addresses are reserved.",
                           "Use a smaller prefix instead.");
    std::vector<Address> addresses{prefix.base};  // the routers' anycast address (RFC 4291, 2.6.1)
    for (std::size_t i = 0; i < raw.reserved.size(); ++i) {
        const std::string field = "/reserved/" + std::to_string(i);
        auto address = parse_address(raw.reserved[i]);
        if (!address) {
            judge.error(field, "\"" + raw.reserved[i] + "\" is no IPv6 address.",
                        "Write it like 2001:db8:1::1, or remove it.");
        } else if (!prefix.contains(*address)) {
            judge.error(field, raw.reserved[i] + " is not inside " + prefix.text() + ".",
                        "Remove it: only addresses of the prefix can be given to a VM.");
        } else {
            addresses.push_back(*address);
        }
    }
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    for (const auto& address : addresses) reserved.push_back(address_text(address));
    if (raw.mode == "on-link" && raw.reserved.empty())
        judge.warning("/reserved", "No address is reserved, but this host and the router have some on the same link.",
                      "Reserve the router's address and each address that another machine on that link uses.");
}

bool interface_name(std::string_view text) {
    return text.size() <= 15 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                      c == '_' || c == '-';
           });
}

}  // namespace

Result<Judged> judge_config(std::string_view json) {
    auto raw = read_document<RawConfig>(json);
    if (!raw) return raw.failure();
    Judge judge;
    Judged judged;
    judge_prefix(judge, raw->prefix, judged.config.prefix);
    if (raw->mode != "routed" && raw->mode != "on-link")
        judge.error("/mode", "\"" + raw->mode + "\" is no mode.",
                    "Choose \"routed\" if the provider routes the prefix to this host, \"on-link\" if it is on the "
                    "host's own network.");
    if (!interface_name(raw->uplink))
        judge.error("/uplink", "\"" + raw->uplink + "\" is no name of a network interface.",
                    "See `ip link` for the interfaces of this host, or leave it empty.");
    if (judge.findings.empty() || judge.findings.front().severity != "error")
        judge_reserved(judge, *raw, judged.config.prefix, judged.config.reserved);
    judged.config.mode = raw->mode;
    judged.config.uplink = raw->uplink;
    judged.findings = std::move(judge.findings);
    return judged;
}

}  // namespace bh::ipv6_static
