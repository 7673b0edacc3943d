// The module's arguments in its PAM service file: state=DIR run=DIR host_key=FILE grace=SECONDS. All have defaults.
#pragma once

#include "pam/guest/places.hpp"
#include "pam/guest/statements.hpp"

namespace bh::guest {

struct Options {
    Places places;
    std::int64_t grace = kDefaultGraceSeconds;
};

// BH_E_INVALID "bad_option" naming the argument: a typing error must not become a default.
Result<Options> parse_options(int count, const char* const* arguments);

}  // namespace bh::guest
