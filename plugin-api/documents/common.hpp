// What every document shares: positions, times, amounts, tags and pages.
//
// A document is what passes through the ABI as JSON (schemas/KIND/1/NAME.json). Here is its typed form; for each
// struct X there is `Result<X> parse_x(std::string_view json)` and `std::string to_json(const X&)`. Parsing refuses
// text over 1 MiB, deeper than 16, with duplicate keys, NULs or invalid UTF-8, and names the field that is wrong;
// unknown fields are ignored. All structs are plain values.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bh {

using Bytes = std::vector<std::uint8_t>;  // in JSON: "0x" and lower-case hex

// Seconds since 1970 UTC. In JSON: RFC 3339, "2026-11-24T22:40:00Z".
struct UnixTime {
    std::int64_t seconds = 0;
    auto operator<=>(const UnixTime&) const = default;
};

// An amount in the smallest unit of its token, as a decimal string (up to 2^256 - 1); never a number in JSON.
struct Amount {
    std::string units = "0";
    bool operator==(const Amount&) const = default;
};

// A point of one branch of a chain. `id` is opaque (a block hash).
struct Position {
    std::string id;
    std::uint64_t height = 0;
    bool operator==(const Position&) const = default;
    [[nodiscard]] bool known() const noexcept { return !id.empty(); }
};

// A position and the chain's own clock there.
struct Block {
    Position position;
    UnixTime time;
    bool operator==(const Block&) const = default;
};

// What made an object, in clear, so that `recover` can match it to the chain (LIFECYCLE.md section 2). The op_id
// itself comes with the call and is returned as `created_by`.
struct Tags {
    std::string chain;     // CAIP-2
    std::string contract;  // canonical address
    std::string subject;   // "subscription:7", "plan:2", "host"
    std::string part;      // "system", "data" or empty
    std::string epoch;     // the fact that caused it
    bool operator==(const Tags&) const = default;
};

// What describe() of each kind has in common with check(): findings.json.
struct Finding {
    std::string field;     // JSON pointer into the config, "" = the whole
    std::string severity;  // "error", "warning", "info"
    std::string message;   // a plain sentence
    std::string remedy;
};

Result<std::vector<Finding>> parse_findings(std::string_view json);
std::string to_json(const std::vector<Finding>& findings);

Result<Position> parse_position(std::string_view json);  // "" is the head: an unknown position
std::string to_json(const Position& position);           // an unknown position is ""

// "0x..." <-> bytes; RFC 3339 <-> seconds. Both strict.
Result<Bytes> bytes_from_hex(std::string_view text);
std::string hex_from_bytes(const std::uint8_t* data, std::size_t size);
inline std::string hex_from_bytes(const Bytes& bytes) { return hex_from_bytes(bytes.data(), bytes.size()); }
Result<UnixTime> time_from_text(std::string_view text);
std::string time_to_text(UnixTime time);

}  // namespace bh
