// A 64-bit digest of a canonical state, fed field by field. Two different states of ten million share one with a
// probability of about 3 in a million.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace bh::life::model {

class Digest {
public:
    void add(std::uint64_t value) noexcept {
        a_ = std::rotl(a_ ^ (value * 0x9e3779b97f4a7c15ULL), 29) * 0xbf58476d1ce4e5b9ULL;
        b_ = std::rotl(b_ + (value ^ a_) * 0x94d049bb133111ebULL, 31);
    }
    template <class Number>
        requires std::is_integral_v<Number> || std::is_enum_v<Number>
    void add(Number value) noexcept {
        add(static_cast<std::uint64_t>(value));
    }
    void add(std::string_view text) noexcept {
        add(text.size());
        while (!text.empty()) {
            std::uint64_t word = 0;
            const std::size_t n = std::min(text.size(), sizeof word);
            std::memcpy(&word, text.data(), n);
            add(word);
            text.remove_prefix(n);
        }
    }
    // A time or height: how far from now, 0 for none; what is further back than `memory` counts as that.
    void since(std::int64_t then, std::int64_t now, std::int64_t memory) noexcept {
        add(then == 0 ? INT64_MIN : std::max(then - now, -memory));
    }
    [[nodiscard]] std::uint64_t value() const noexcept {
        std::uint64_t x = a_ ^ std::rotl(b_, 17);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
        return x ^ (x >> 31);
    }

private:
    std::uint64_t a_ = 0x243f6a8885a308d3ULL, b_ = 0x13198a2e03707344ULL;
};

// "0xBRANCH-HEIGHT": the branch as it is, the height from `head` down.
inline void add_position(Digest& d, std::string_view id, std::uint64_t height, std::uint64_t head) noexcept {
    constexpr std::int64_t kMemory = 8;
    d.add(id.empty() ? std::string_view{} : id.substr(0, id.find('-')));
    d.since(static_cast<std::int64_t>(height) + 1, static_cast<std::int64_t>(head), kMemory);
}

}  // namespace bh::life::model
