// guest-frame-1 (../guest-frame-1.md): frames on the channel between host and guest.
//
// Used by the hypervisor plugin and inside the guest, so it depends on nothing but the standard library. Values
// only; a Decoder belongs to one connection and one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bh::guest_frame {

inline constexpr std::size_t kMaxPayload = 16384;
inline constexpr std::size_t kHeaderSize = 34;

enum class Kind : char {
    kRequest = 'q',  // host to guest
    kAnswer = 'a'    // guest to host
};

struct Frame {
    Kind kind = Kind::kRequest;
    std::uint64_t nonce = 0;
    std::string payload;
    bool operator==(const Frame&) const = default;
};

// The frame's bytes; nothing if the payload is over kMaxPayload or holds the byte 0xFF (it is not UTF-8 then).
std::optional<std::string> encode(const Frame& frame);

// Finds the frames in a stream that may start, or be cut, anywhere. Holds at most one frame.
class Decoder {
public:
    // Reads from the front of `input` and removes what it read. Returns at the first whole frame; without one, all of
    // `input` was read. Call again while it returns a frame.
    std::optional<Frame> take(std::string_view& input);

    // Frames begun and dropped so far: cut, damaged or too long.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

private:
    bool header_fits() const;
    std::optional<Frame> finish();

    std::string pending_;       // the frame so far, from its 0xFF on; empty between frames
    std::size_t expected_ = 0;  // its whole size, 0 until the header is complete
    std::uint64_t dropped_ = 0;
};

}  // namespace bh::guest_frame
