// Bytes of the worker protocol (README.md): numbers little-endian as they lie in memory, texts with their length.
//
// Plain values; a Writer is reused from frame to frame, a Reader borrows its bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bh::worker {

// Both programs are of one release; a worker that greets with another number is refused.
inline constexpr std::uint32_t kProtocol = 3;
// A document of 1 MiB, a checkpoint of 64 KiB and what is around them.
inline constexpr std::size_t kMaxFrame = std::size_t{2} << 20;
// The ABI's limit for one document, which a sink enforces on both sides.
inline constexpr std::size_t kMaxDocument = std::size_t{1} << 20;
inline constexpr std::size_t kMaxFds = 16;  // with one frame
// Channels for requests that belong to no verb: so many may be served at once. A connection that nobody answers takes
// seconds, and a plugin with several peers must reach the others meanwhile.
inline constexpr std::size_t kBackground = 4;

enum class Kind : std::uint16_t {
    kStart = 1,  // kernel: make the instance
    kReady,      // worker: made, or why not
    kCall,       // kernel: run a verb
    kReply,      // worker: its end
    kRequest,    // worker: use a service, or save a checkpoint
    kAnswer,     // kernel: its result
    kEvent,      // worker: a log line, progress; nobody answers
    kChannel,    // kernel: two descriptors, one more channel
};

struct Header {
    std::uint32_t size;  // of the payload
    Kind kind;
    std::uint16_t number;  // of the row (rows.hpp)
};
static_assert(sizeof(Header) == 8 && std::is_trivially_copyable_v<Header>);

class Writer {
public:
    void begin(Kind kind, std::uint16_t number) {
        data_.assign(sizeof(Header), 0);
        header_ = {0, kind, number};
    }
    template <class T>
    void number(T value) {
        static_assert(std::is_trivially_copyable_v<T>);
        raw(&value, sizeof value);
    }
    void bytes(const void* from, std::size_t size) {
        number(static_cast<std::uint32_t>(size));
        raw(from, size);
    }
    void text(std::string_view value) { bytes(value.data(), value.size()); }
    void raw(const void* from, std::size_t size) {
        if (size == 0) return;
        const std::size_t at = data_.size();
        data_.resize(at + size);
        std::memcpy(data_.data() + at, from, size);
    }
    // Overwrites the first bytes of the payload, which number() has written.
    template <class T>
    void put_first(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        std::memcpy(data_.data() + sizeof(Header), &value, sizeof value);
    }
    // Room for what follows, so that no copy of it is left behind by growing.
    void reserve(std::size_t more) { data_.reserve(data_.size() + more); }

    // The whole frame, with its header.
    std::span<std::uint8_t> frame() {
        header_.size = static_cast<std::uint32_t>(data_.size() - sizeof(Header));
        std::memcpy(data_.data(), &header_, sizeof header_);
        return data_;
    }
    [[nodiscard]] bool too_large() const noexcept { return data_.size() > kMaxFrame; }

private:
    std::vector<std::uint8_t> data_ = std::vector<std::uint8_t>(sizeof(Header));
    Header header_{};
};

// After the first read beyond the end, or of a length that can't be, good() is false and every value is empty.
class Reader {
public:
    explicit Reader(std::span<const std::uint8_t> data) : data_{data} {}

    template <class T>
    T number() {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        if (const auto* from = take(sizeof value)) std::memcpy(&value, from, sizeof value);
        return value;
    }
    std::span<const std::uint8_t> bytes() {
        const auto size = number<std::uint32_t>();
        const auto* from = take(size);
        return from != nullptr ? std::span{from, size} : std::span<const std::uint8_t>{};
    }
    std::string_view text() {
        const auto view = bytes();
        return {reinterpret_cast<const char*>(view.data()), view.size()};
    }
    // Everything was read, and nothing more.
    [[nodiscard]] bool finished() const noexcept { return good_ && data_.empty(); }
    [[nodiscard]] bool good() const noexcept { return good_; }
    void spoil() noexcept { good_ = false; }

private:
    const std::uint8_t* take(std::size_t size) {
        if (!good_ || size > data_.size()) {
            good_ = false;
            return nullptr;
        }
        const auto* from = data_.data();
        data_ = data_.subspan(size);
        return from;
    }
    std::span<const std::uint8_t> data_;
    bool good_ = true;
};

}  // namespace bh::worker
