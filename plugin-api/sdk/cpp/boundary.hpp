// How C++ meets the C ABI: text, outputs, errors. Used by everything else in this folder; a plugin author seldom
// needs it. Header only; all of it is hidden in the plugin by its build flags.
#pragma once

#include "plugin-api/documents/common.hpp"

#include <blockhost/blockhost.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace bh::sdk {

inline std::string_view view(bh_str text) noexcept {
    return text.len != 0 ? std::string_view{text.ptr, text.len} : std::string_view{};
}
inline Bytes bytes(bh_bytes data) { return data.len != 0 ? Bytes(data.ptr, data.ptr + data.len) : Bytes{}; }
constexpr bh_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }
inline bh_bytes raw(const Bytes& data) noexcept { return {data.data(), data.size()}; }
inline bh_bytes raw(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// What a verb returns when only waiting is left: the kernel calls it again with the same op_id.
inline Failure pending(std::uint32_t retry_after_ms, std::string message) {
    return {BH_PENDING, "pending", std::move(message), retry_after_ms};
}

// Copies as much of `text` as fits, ending with NUL and never inside a UTF-8 character.
template <std::size_t N>
void copy_text(char (&out)[N], std::string_view text) noexcept {
    std::size_t size = std::min(text.size(), N - 1);
    while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    std::memcpy(out, text.data(), size);
    out[size] = '\0';
}

inline bh_status report(bh_error* err, bh_status code, std::string_view reason, std::string_view message,
                        std::uint32_t retry_after_ms = 0) noexcept {
    if (err != nullptr) {
        err->code = code;
        err->retry_after_ms = retry_after_ms;
        copy_text(err->reason, reason);
        copy_text(err->message, message);
    }
    return code;
}

// Runs `body`, which returns a Status, and turns it into what the ABI wants. Nothing is thrown in normal operation;
// what a bug or a full memory throws ends here.
template <class F>
bh_status guarded(bh_error* err, F&& body) noexcept {
    try {
        const Status status = std::forward<F>(body)();
        if (status) return BH_OK;
        const Failure& failure = status.failure();
        return report(err, failure.code, failure.reason, failure.message, failure.retry_after_ms);
    } catch (const std::bad_alloc&) {
        return report(err, BH_E_INTERNAL, "no_memory", "out of memory");
    } catch (const std::exception& bug) {
        return report(err, BH_E_INTERNAL, "exception", bug.what());
    } catch (...) {
        return report(err, BH_E_INTERNAL, "exception", "unknown exception");
    }
}

inline Status write(bh_sink out, std::string_view text) {
    const bh_status status = out.write(out.ctx, text.data(), text.size());
    if (status != BH_OK) return Failure{status, "sink", "the kernel did not take the output"};
    return {};
}

// An empty bh_error, and what the other side said in it.
class Error {
public:
    Error() noexcept { raw_.struct_size = sizeof raw_; }
    bh_error* out() noexcept { return &raw_; }
    [[nodiscard]] Status status(bh_status code) const {
        if (code == BH_OK) return {};
        return failure(code);
    }
    [[nodiscard]] Failure failure(bh_status code) const {
        return {code, text(raw_.reason), text(raw_.message), raw_.retry_after_ms};
    }

private:
    template <std::size_t N>
    static std::string text(const char (&field)[N]) {
        return {field, strnlen(field, N)};
    }
    bh_error raw_{};
};

// A sink that keeps what is written, up to a limit.
class Collector {
public:
    explicit Collector(std::size_t limit = std::size_t{1} << 20) : limit_{limit} {}
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    bh_sink sink() noexcept { return {this, take}; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] Bytes bytes() const { return {text_.begin(), text_.end()}; }
    // For secrets: makes room at once, so that growing leaves no copy behind; wipe() before the end of its use.
    void reserve() { text_.reserve(limit_); }
    void wipe() noexcept {
        explicit_bzero(text_.data(), text_.size());
        text_.clear();
    }

private:
    static bh_status take(void* ctx, const void* data, std::size_t size) noexcept {
        auto& self = *static_cast<Collector*>(ctx);
        if (size > self.limit_ - self.text_.size()) return BH_E_EXHAUSTED;
        try {
            self.text_.append(static_cast<const char*>(data), size);
        } catch (...) {
            return BH_E_EXHAUSTED;
        }
        return BH_OK;
    }
    std::size_t limit_;
    std::string text_;
};

}  // namespace bh::sdk
