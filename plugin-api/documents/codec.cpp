#include "plugin-api/documents/codec.hpp"

#include <algorithm>
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

void write(std::string& out, const std::string& value) {
    const auto plain = [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
    if (std::all_of(value.begin(), value.end(), plain)) {
        out += '"';
        out += value;
        out += '"';
        return;
    }
    out += json(value).dump(-1, ' ', false, json::error_handler_t::replace);
}

void write(std::string& out, bool value) { out += value ? "true" : "false"; }
void write(std::string& out, const Bytes& value) { write(out, hex_from_bytes(value)); }
void write(std::string& out, UnixTime value) { write(out, time_to_text(value)); }
void write(std::string& out, const Amount& value) { write(out, value.units); }

void write_unsigned(std::string& out, std::uint64_t value) {
    const bool text = value > kMaxJsonInteger;
    if (text) out += '"';
    out += std::to_string(value);
    if (text) out += '"';
}

void write_signed(std::string& out, std::int64_t value) {
    constexpr auto kLimit = static_cast<std::int64_t>(kMaxJsonInteger);
    const bool text = value > kLimit || value < -kLimit;
    if (text) out += '"';
    out += std::to_string(value);
    if (text) out += '"';
}

void Writer::finish() {
    const std::string members = out_.substr(begin_);
    out_.resize(begin_);
    // Each with the end of its text.
    std::vector<std::pair<Member, std::size_t>> sorted;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const std::size_t end = i + 1 < members_.size() ? members_[i + 1].at : begin_ + members.size();
        sorted.emplace_back(members_[i], end);
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first.name < b.first.name; });
    char before = '{';
    for (const auto& [member, end] : sorted) {
        out_ += std::exchange(before, ',');
        out_.append(members, member.at - begin_, end - member.at);
    }
    out_ += sorted.empty() ? "{}" : "}";
}

}  // namespace bh::codec
