#include "plugin-api/documents/codec.hpp"

#include <charconv>

namespace bh::codec {
namespace {

constexpr const char* kAboveLimit = "is an integer above 2^53: write it as a decimal string";

bool canonical_decimal(std::string_view text) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
    return text.find_first_not_of("0123456789") == std::string_view::npos;
}

template <class T>
std::optional<T> from_decimal(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string range(const std::string& min, const std::string& max) {
    return "must be an integer from " + min + " to " + max;
}

}  // namespace

void read(Place& at, const json& node, std::string& out) {
    if (!node.is_string()) return at.fail("must be a string");
    out = node.get<std::string>();
}

void read(Place& at, const json& node, bool& out) {
    if (!node.is_boolean()) return at.fail("must be true or false");
    out = node.get<bool>();
}

void read(Place& at, const json& node, Bytes& out) {
    if (!node.is_string()) return at.fail("must be a string of bytes as 0x and hex");
    Result<Bytes> bytes = bytes_from_hex(node.get_ref<const std::string&>());
    if (!bytes) return at.fail(bytes.failure().message);
    out = std::move(*bytes);
}

void read(Place& at, const json& node, UnixTime& out) {
    if (!node.is_string()) return at.fail("must be a time as a string, such as 2026-11-24T22:40:00Z");
    const Result<UnixTime> time = time_from_text(node.get_ref<const std::string&>());
    if (!time) return at.fail(time.failure().message);
    out = *time;
}

void read(Place& at, const json& node, Amount& out) {
    // 2^256 - 1; of two canonical decimals of one length the greater is the later one.
    constexpr std::string_view kMax = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    if (!node.is_string()) return at.fail("must be an amount: a decimal string");
    const auto& text = node.get_ref<const std::string&>();
    if (!canonical_decimal(text) || text.size() > kMax.size() || (text.size() == kMax.size() && text > kMax))
        return at.fail("must be an amount: a decimal string without leading zeros, below 2^256");
    out.units = text;
}

std::optional<std::uint64_t> read_unsigned(Place& at, const json& node, std::uint64_t max) {
    std::optional<std::uint64_t> value;
    if (node.is_number_unsigned()) {
        value = node.get<std::uint64_t>();
        if (*value > kMaxJsonInteger && *value <= max) {
            at.fail(kAboveLimit);
            return std::nullopt;
        }
    } else if (node.is_string() && max > kMaxJsonInteger && canonical_decimal(node.get_ref<const std::string&>())) {
        value = from_decimal<std::uint64_t>(node.get_ref<const std::string&>());
    }
    if (!value || *value > max) {
        at.fail(range("0", std::to_string(max)));
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> read_signed(Place& at, const json& node, std::int64_t min, std::int64_t max) {
    constexpr auto kLimit = static_cast<std::int64_t>(kMaxJsonInteger);
    std::optional<std::int64_t> value;
    if (node.is_number_unsigned()) {
        if (node.get<std::uint64_t>() <= kMaxJsonInteger) value = node.get<std::int64_t>();
    } else if (node.is_number_integer()) {
        if (node.get<std::int64_t>() >= -kLimit) value = node.get<std::int64_t>();
    } else if (node.is_string() && max > kLimit) {
        std::string_view digits = node.get_ref<const std::string&>();
        if (digits.starts_with('-')) digits.remove_prefix(1);
        if (canonical_decimal(digits)) value = from_decimal<std::int64_t>(node.get_ref<const std::string&>());
    }
    if (!value || *value < min || *value > max) {
        at.fail(range(std::to_string(min), std::to_string(max)) + "; beyond 2^53 as a decimal string");
        return std::nullopt;
    }
    return value;
}

json write(const std::string& value) { return value; }
json write(bool value) { return value; }
json write(const Bytes& value) { return hex_from_bytes(value); }
json write(UnixTime value) { return time_to_text(value); }
json write(const Amount& value) { return value.units; }

json write_unsigned(std::uint64_t value) {
    if (value > kMaxJsonInteger) return std::to_string(value);
    return value;
}

json write_signed(std::int64_t value) {
    constexpr auto kLimit = static_cast<std::int64_t>(kMaxJsonInteger);
    if (value > kLimit || value < -kLimit) return std::to_string(value);
    return value;
}

// A string that is not UTF-8 can't be in a document: its bad bytes become U+FFFD.
std::string dump(const json& node) { return node.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace bh::codec
