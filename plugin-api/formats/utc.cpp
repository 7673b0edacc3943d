#include "plugin-api/formats/utc.hpp"

#include <chrono>
#include <cstdio>

namespace bh::formats {

namespace {

constexpr std::int64_t kYear10000 = 253402300800;

Failure bad_time() { return invalid("bad_time", "a time is written 2026-11-24T22:40:00Z, in the years 1970 to 9999"); }

// The number in text[from, from + count), or -1.
int number(std::string_view text, std::size_t from, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(from, count)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

Result<std::string> utc_text(std::int64_t unix_seconds) {
    using namespace std::chrono;
    if (unix_seconds < 0 || unix_seconds >= kYear10000) return bad_time();
    const sys_seconds time{seconds{unix_seconds}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    char text[80];
    const int size = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                                   static_cast<int>(clock.seconds().count()));
    return std::string(text, static_cast<std::size_t>(size));
}

Result<std::int64_t> parse_utc(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
    if (text.size() != kShape.size()) return bad_time();
    for (const std::size_t at : {4u, 7u, 10u, 13u, 16u, 19u}) {
        if (text[at] != kShape[at]) return bad_time();
    }
    const int parts[] = {number(text, 0, 4),  number(text, 5, 2),  number(text, 8, 2),
                         number(text, 11, 2), number(text, 14, 2), number(text, 17, 2)};
    for (const int part : parts) {
        if (part < 0) return bad_time();
    }
    const year_month_day date{year{parts[0]}, month{static_cast<unsigned>(parts[1])},
                              day{static_cast<unsigned>(parts[2])}};
    if (!date.ok() || parts[0] < 1970 || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return bad_time();
    const sys_seconds time = sys_days{date} + hours{parts[3]} + minutes{parts[4]} + seconds{parts[5]};
    return static_cast<std::int64_t>(time.time_since_epoch().count());
}

}  // namespace bh::formats
