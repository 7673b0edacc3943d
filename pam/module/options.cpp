#include "pam/module/options.hpp"

#include "plugin-api/formats/rules.hpp"

namespace bh::guest {
namespace {
constexpr std::uint64_t kMaxGraceSeconds = std::uint64_t{365} * 24 * 3600;
}

Result<Options> parse_options(int count, const char* const* arguments) {
    Options options;
    for (int i = 0; i < count; ++i) {
        const std::string_view argument = arguments[i];
        const std::string_view name = argument.substr(0, argument.find('='));
        const std::string_view value =
            name.size() < argument.size() ? argument.substr(name.size() + 1) : std::string_view{};
        const bool path = value.starts_with('/');
        if (name == "state" && path) {
            options.places.state = value;
        } else if (name == "run" && path) {
            options.places.run = value;
        } else if (name == "host_key" && path) {
            options.places.host_key = value;
        } else if (const auto grace = formats::parse_decimal(value, kMaxGraceSeconds); name == "grace" && grace) {
            options.grace = static_cast<std::int64_t>(*grace);
        } else {
            return invalid(
                "bad_option",
                "argument \"" + std::string{argument} +
                    "\" is none of state=DIR, run=DIR, host_key=FILE (absolute) and grace=SECONDS (up to a year)");
        }
    }
    return options;
}

}  // namespace bh::guest
