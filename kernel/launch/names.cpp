#include "kernel/launch/names.hpp"

#include <algorithm>

namespace bh::launch {
namespace {

constexpr std::size_t kMaxName = 64, kMaxSuffix = 16, kTapDigits = 12;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_plain_name(std::string_view text) {
    return !text.empty() && text.size() <= kMaxName &&
           std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_unit_of(std::string_view unit, std::string_view owner) {
    if (!is_plain_name(owner) || !unit.starts_with(owner)) return false;
    std::string_view suffix = unit.substr(owner.size());
    if (suffix.empty()) return true;
    if (suffix.front() != '-') return false;
    suffix.remove_prefix(1);
    return !suffix.empty() && suffix.size() <= kMaxSuffix && std::ranges::all_of(suffix, is_lower_or_digit);
}

std::string tap_of(std::string_view owner) { return "bh" + std::string{owner.substr(0, kTapDigits)}; }

}  // namespace bh::launch
