// guest-frame-1: the stream from a guest. However it is cut, the same frames come out.
#include "plugin-api/formats/guest/guest_frame.hpp"

#include <algorithm>
#include <vector>

#include "tests/fuzz/fuzz.hpp"

namespace {

using bh::guest_frame::Frame;

std::vector<Frame> frames_of(std::string_view input, std::size_t piece) {
    bh::guest_frame::Decoder decoder;
    std::vector<Frame> frames;
    while (!input.empty()) {
        std::string_view part = input.substr(0, std::min(piece, input.size()));
        input.remove_prefix(part.size());
        while (!part.empty()) {
            const std::size_t before = part.size();
            auto frame = decoder.take(part);
            bh::fuzz::must(frame || part.size() < before, "the decoder goes on");
            if (frame) frames.push_back(std::move(*frame));
        }
    }
    return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = bh::fuzz::text(data, size);
    const auto frames = frames_of(input, size + 1);
    bh::fuzz::must(frames_of(input, 1) == frames, "frames do not depend on how the stream is cut");
    for (const Frame& frame : frames) {
        const auto text = bh::guest_frame::encode(frame);
        bh::fuzz::must(text && frames_of(*text, 7) == std::vector{frame}, "a frame survives writing and reading");
    }
    return 0;
}
