// Result and Failure: how every part of BlockHost that is not behind the C ABI reports an error.
//
// A Failure carries the ABI's status code (what the error is about decides what happens next), a stable
// slug for machines and one human sentence that names what to do. Values only; safe to pass between threads.
#pragma once

#include <blockhost/base.h>

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace bh {

struct Failure {
    bh_status code = BH_E_INTERNAL;    // one of BH_E_*, or BH_PENDING
    std::string reason;                // stable slug, [a-z0-9_]{1,47}: "lvm_pool_full"
    std::string message;               // one sentence: what is wrong, where, and the remedy; never a secret
    std::uint32_t retry_after_ms = 0;  // hint for BH_PENDING and for what is about the backend; 0 = none

    // The same failure with "CONTEXT: " before its message.
    [[nodiscard]] Failure within(std::string_view context) const {
        Failure copy = *this;
        copy.message = std::string{context} + ": " + message;
        return copy;
    }
};

inline Failure invalid(std::string reason, std::string message) {
    return {BH_E_INVALID, std::move(reason), std::move(message)};
}

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : content_{std::in_place_index<0>, std::move(value)} {}            // NOLINT: implicit on purpose
    Result(Failure failure) : content_{std::in_place_index<1>, std::move(failure)} {}  // NOLINT: implicit on purpose

    explicit operator bool() const noexcept { return content_.index() == 0; }
    [[nodiscard]] bool ok() const noexcept { return content_.index() == 0; }

    // Only when ok().
    T& value() & { return *assert_value(); }
    const T& value() const& { return *const_cast<Result*>(this)->assert_value(); }
    T&& value() && { return std::move(*assert_value()); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    // Only when not ok().
    [[nodiscard]] const Failure& failure() const {
        assert(content_.index() == 1);
        return *std::get_if<1>(&content_);
    }

private:
    T* assert_value() {
        assert(content_.index() == 0);
        return std::get_if<0>(&content_);
    }
    std::variant<T, Failure> content_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Failure failure) : failure_{std::move(failure)} {}  // NOLINT: implicit on purpose

    explicit operator bool() const noexcept { return !failure_; }
    [[nodiscard]] bool ok() const noexcept { return !failure_; }
    [[nodiscard]] const Failure& failure() const {
        assert(failure_);
        return *failure_;
    }

private:
    std::optional<Failure> failure_;
};

using Status = Result<void>;

}  // namespace bh
