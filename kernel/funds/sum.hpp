// Sums of amounts: signed, of any size, exact. The one place that knows Boost.Multiprecision.
#pragma once

#include "plugin-api/documents/common.hpp"

#include <boost/multiprecision/cpp_int.hpp>

namespace bh::funds {

class Sum {
public:
    Sum() = default;
    Sum(const Amount& amount) : value_{amount.units} {}  // NOLINT: implicit on purpose; a document's amount is digits
    explicit Sum(std::uint64_t value) : value_{value} {}

    Sum& operator+=(const Sum& other) {
        value_ += other.value_;
        return *this;
    }
    Sum& operator-=(const Sum& other) {
        value_ -= other.value_;
        return *this;
    }
    friend Sum operator+(Sum a, const Sum& b) { return a += b; }
    friend Sum operator-(Sum a, const Sum& b) { return a -= b; }
    friend Sum operator*(const Sum& a, std::uint64_t factor) {
        Sum out = a;
        out.value_ *= factor;
        return out;
    }
    // How often `each`, which is not 0, goes into this, which is not negative; at most `most`.
    [[nodiscard]] std::uint64_t times(const Sum& each, std::uint64_t most) const {
        const boost::multiprecision::cpp_int whole = value_ / each.value_;
        return whole > most ? most : whole.convert_to<std::uint64_t>();
    }
    friend bool operator==(const Sum& a, const Sum& b) { return a.value_ == b.value_; }
    friend bool operator<(const Sum& a, const Sum& b) { return a.value_ < b.value_; }
    [[nodiscard]] bool is_zero() const { return value_.is_zero(); }
    [[nodiscard]] std::string text() const { return value_.str(); }  // "-12"

private:
    boost::multiprecision::cpp_int value_;
};

}  // namespace bh::funds
