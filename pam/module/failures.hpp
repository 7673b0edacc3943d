// How many logins failed lately from where: one file in /run under a lock, bounded. IPv6 clients count by their /64,
// which is what one customer has.
#pragma once

#include "pam/guest/places.hpp"
#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <string_view>

namespace bh::guest {

inline constexpr int kMaxFailures = 12;  // four connections of three tries
inline constexpr std::int64_t kFailureWindowSeconds = 600;
inline constexpr std::size_t kMaxFailureLines = 1024;

class Failures {
public:
    explicit Failures(const Places& places) : places_{places} {}

    // BH_E_BUSY "too_many_failures" with a sentence that says when to come back. A broken file stops nobody.
    Status allow(std::string_view client, std::int64_t now) const;
    Status record(std::string_view client, std::int64_t now);

private:
    const Places& places_;
};

// "2001:db8:1:2::5" -> "2001:db8:1:2::"; anything else stays as it is.
std::string failure_source(std::string_view client);

}  // namespace bh::guest
