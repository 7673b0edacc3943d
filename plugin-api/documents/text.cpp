// Bytes and times as text; see common.hpp.
#include "plugin-api/documents/common.hpp"

#include <chrono>

namespace bh {
namespace {

int nibble(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// The number at `text[from, from + count)`, or -1 if not all of it is digits.
int digits(std::string_view text, std::size_t from, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(from, count)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

Result<Bytes> bytes_from_hex(std::string_view text) {
    const Failure bad = invalid("bad_hex", "must be bytes: 0x and an even number of lower-case hex digits");
    if (!text.starts_with("0x") || text.size() % 2 != 0) return bad;
    Bytes out;
    out.reserve(text.size() / 2 - 1);
    for (std::size_t i = 2; i < text.size(); i += 2) {
        const int high = nibble(text[i]);
        const int low = nibble(text[i + 1]);
        if (high < 0 || low < 0) return bad;
        out.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    return out;
}

std::string hex_from_bytes(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out(2 + 2 * size, 'x');
    char* at = out.data();
    *at++ = '0';
    ++at;
    for (std::size_t i = 0; i < size; ++i) {
        *at++ = kDigits[data[i] >> 4];
        *at++ = kDigits[data[i] & 15];
    }
    return out;
}

Result<UnixTime> time_from_text(std::string_view text) {
    using namespace std::chrono;
    const Failure bad = invalid("bad_time", "must be a UTC time in RFC 3339 form, such as 2026-11-24T22:40:00Z");
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
    if (text.size() != kShape.size()) return bad;
    for (std::size_t i = 0; i < kShape.size(); ++i)
        if (kShape[i] == 'd' ? (text[i] < '0' || text[i] > '9') : text[i] != kShape[i]) return bad;
    const year_month_day date{year{digits(text, 0, 4)}, month{static_cast<unsigned>(digits(text, 5, 2))},
                              day{static_cast<unsigned>(digits(text, 8, 2))}};
    const int hour = digits(text, 11, 2);
    const int minute = digits(text, 14, 2);
    const int second = digits(text, 17, 2);
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return bad;
    return UnixTime{duration_cast<seconds>(sys_days{date}.time_since_epoch()).count() + hour * 3600 + minute * 60 +
                    second};
}

std::string time_to_text(UnixTime time) {
    using namespace std::chrono;
    // RFC 3339 has years 0000 to 9999; what lies outside is shown as the nearest it can say.
    constexpr std::int64_t kFirst = -62167219200;
    constexpr std::int64_t kLast = 253402300799;
    const sys_seconds at{seconds{std::min(std::max(time.seconds, kFirst), kLast)}};
    const sys_days days = floor<std::chrono::days>(at);
    const year_month_day date{days};
    const hh_mm_ss clock{at - days};
    std::string out = "0000-00-00T00:00:00Z";
    const auto put = [&out](std::size_t from, std::size_t count, std::int64_t value) {
        for (std::size_t i = from + count; i-- > from; value /= 10) out[i] = static_cast<char>('0' + value % 10);
    };
    put(0, 4, static_cast<int>(date.year()));
    put(5, 2, static_cast<unsigned>(date.month()));
    put(8, 2, static_cast<unsigned>(date.day()));
    put(11, 2, clock.hours().count());
    put(14, 2, clock.minutes().count());
    put(17, 2, clock.seconds().count());
    return out;
}

}  // namespace bh
