#include "plugin-api/formats/guest/guest_frame.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

using namespace bh::guest_frame;

namespace {

std::vector<Frame> frames_of(Decoder& decoder, std::string_view input) {
    std::vector<Frame> frames;
    while (auto frame = decoder.take(input)) frames.push_back(*frame);
    return frames;
}

std::string bytes_of(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
    }
    return out;
}

const Frame kHello{Kind::kRequest, 0x0123456789abcdef, R"({"v":1,"type":"hello"})"};
const Frame kEmpty{Kind::kAnswer, 0, ""};

}  // namespace

TEST_CASE("the vectors of guest-frame-1.md") {
    CHECK(encode(kEmpty) == bytes_of("ff4248473161"
                                     "30303030303030303030303030303030"
                                     "30303030"
                                     "3736613766373932"));
    CHECK(encode(Frame{Kind::kRequest, 0x0123456789abcdef, "{}"}) == bytes_of("ff4248473171"
                                                                              "30313233343536373839616263646566"
                                                                              "30303032"
                                                                              "3133623435303638"
                                                                              "7b7d"));
}

TEST_CASE("a frame survives being split at every byte") {
    const std::string wire = *encode(kHello) + *encode(kEmpty);
    for (std::size_t at = 0; at <= wire.size(); ++at) {
        Decoder decoder;
        auto frames = frames_of(decoder, std::string_view{wire}.substr(0, at));
        for (auto& frame : frames_of(decoder, std::string_view{wire}.substr(at))) frames.push_back(frame);
        CHECK(frames == std::vector{kHello, kEmpty});
        CHECK(decoder.dropped() == 0);
    }
}

TEST_CASE("a frame that is cut anywhere never costs the next one") {
    const std::string wire = *encode(kHello);
    for (std::size_t at = 0; at < wire.size(); ++at) {
        Decoder decoder;
        CHECK(frames_of(decoder, wire.substr(0, at) + wire) == std::vector{kHello});
    }
}

TEST_CASE("a stream that starts in the middle of a frame is picked up at the next one") {
    const std::string wire = *encode(kHello);
    for (std::size_t at = 1; at < wire.size(); ++at) {
        Decoder decoder;
        CHECK(frames_of(decoder, wire.substr(at) + wire) == std::vector{kHello});
    }
}

TEST_CASE("each single-bit change of a frame is noticed") {
    const std::string wire = *encode(kHello);
    for (std::size_t bit = 0; bit < wire.size() * 8; ++bit) {
        std::string changed = wire;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        Decoder decoder;
        CHECK(frames_of(decoder, changed + *encode(kEmpty)) == std::vector{kEmpty});
    }
}

TEST_CASE("the longest payload passes and one byte more does not") {
    const Frame longest{Kind::kAnswer, 7, std::string(kMaxPayload, 'x')};
    Decoder decoder;
    CHECK(frames_of(decoder, *encode(longest)) == std::vector{longest});
    CHECK_FALSE(encode(Frame{Kind::kAnswer, 7, std::string(kMaxPayload + 1, 'x')}));
}

TEST_CASE("a length over the limit is dropped with its header, without waiting for the payload") {
    std::string wire = *encode(kHello);
    wire.replace(22, 4, "4001");
    Decoder decoder;
    CHECK(frames_of(decoder, wire + *encode(kEmpty)) == std::vector{kEmpty});
    CHECK(decoder.dropped() == 1);
}

TEST_CASE("a payload with the start byte is refused") { CHECK_FALSE(encode(Frame{Kind::kRequest, 1, "a\xff"})); }

TEST_CASE("a flood of junk and start bytes is only dropped") {
    Decoder decoder;
    std::string junk;
    for (int i = 0; i < 5000; ++i) junk += i % 3 == 0 ? '\xff' : static_cast<char>(i * 7);
    CHECK(frames_of(decoder, junk).empty());
    CHECK(frames_of(decoder, *encode(kHello)) == std::vector{kHello});
}
