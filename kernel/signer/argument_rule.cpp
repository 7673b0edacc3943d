#include "kernel/signer/argument_rule.hpp"

#include "plugin-api/crypto/address.hpp"

#include <algorithm>
#include <charconv>

namespace bh::signer {
namespace {

constexpr std::size_t kWord = 32;

std::optional<Word> word_at(crypto::ByteView arguments, std::size_t index) {
    if (index >= arguments.size() / kWord) return std::nullopt;
    Word out;
    std::copy_n(arguments.begin() + static_cast<std::ptrdiff_t>(index * kWord), kWord, out.begin());
    return out;
}

// Big-endian words compare as numbers. nullopt: the difference is negative or has more than 64 bits.
std::optional<std::uint64_t> difference(const Word& a, const Word& b) {
    if (a < b) return std::nullopt;
    Word out{};
    int borrow = 0;
    for (std::size_t i = kWord; i-- > 0;) {
        const int digit = int{a[i]} - int{b[i]} - borrow;
        out[i] = static_cast<std::uint8_t>(digit);
        borrow = digit < 0 ? 1 : 0;
    }
    if (std::any_of(out.begin(), out.begin() + 24, [](std::uint8_t byte) { return byte != 0; })) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 24; i < kWord; ++i) value = value << 8 | out[i];
    return value;
}

}  // namespace

bool ArgumentRule::allows(crypto::ByteView arguments) const {
    const auto own = word_at(arguments, word);
    if (!own) return false;
    if (!above) return std::find(one_of.begin(), one_of.end(), *own) != one_of.end();
    const auto other = word_at(arguments, *above);
    if (!other) return false;
    const auto apart = difference(*own, *other);
    return apart && *apart <= at_most;
}

std::string ArgumentRule::text() const {
    const std::string own = "argument " + std::to_string(word) + " of " + function;
    if (!above) return own + " is not in one_of";
    return own + " must be at least argument " + std::to_string(*above) + " and at most " + std::to_string(at_most) +
           " above it";
}

std::optional<Word> parse_word(std::string_view text) {
    Word out{};
    if (const auto address = crypto::Address::parse(text)) {
        std::copy(address->bytes.begin(), address->bytes.end(), out.begin() + (kWord - address->bytes.size()));
        return out;
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    for (std::size_t i = 0; i < 8; ++i) out[kWord - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    return out;
}

}  // namespace bh::signer
