// Fields of a line of text, with blanks between them. Uses only the C library: the supervisor links it, too.
#pragma once

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

namespace bh::launch {

class Fields {
public:
    explicit Fields(std::string_view text) noexcept : rest_{text} {}

    // The next field; empty when there is none.
    std::string_view next() noexcept {
        skip_blanks();
        const std::string_view field{rest_.data(), std::min(rest_.find_first_of(kBlanks), rest_.size())};
        rest_.remove_prefix(field.size());
        return field;
    }

    // The next field as a decimal number. False, and `out` untouched: it is none, or does not fit.
    template <class Number>
    bool next(Number& out) noexcept {
        const std::string_view field = next();
        Number number{};
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
        if (error != std::errc{} || end != field.data() + field.size()) return false;
        out = number;
        return true;
    }

    // Is nothing but blanks left?
    bool at_end() noexcept {
        skip_blanks();
        return rest_.empty();
    }

private:
    static constexpr std::string_view kBlanks = " \n";
    void skip_blanks() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size())); }
    std::string_view rest_;
};

}  // namespace bh::launch
