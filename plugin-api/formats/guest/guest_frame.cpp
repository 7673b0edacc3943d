#include "plugin-api/formats/guest/guest_frame.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bh::guest_frame {
namespace {

constexpr char kStart = '\xff';
constexpr std::string_view kMagic = "BHG1";
constexpr std::size_t kKindAt = 5, kNonceAt = 6, kLengthAt = 22, kChecksumAt = 26;
static_assert(kChecksumAt + 8 == kHeaderSize);

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320u : 0u);
        table[i] = value;
    }
    return table;
}();

std::uint32_t crc32(std::string_view first, std::string_view second) {
    std::uint32_t crc = 0xFFFFFFFFu;
    for (const std::string_view part : {first, second}) {
        for (const char c : part) crc = kCrcTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xFFu] ^ (crc >> 8);
    }
    return crc ^ 0xFFFFFFFFu;
}

void append_hex(std::string& out, std::uint64_t value, int digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 0xF];
}

constexpr bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// Only of text that is_hex() accepted.
std::uint64_t hex_value(std::string_view text) {
    std::uint64_t value = 0;
    for (const char c : text) value = value << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    return value;
}

}  // namespace

std::optional<std::string> encode(const Frame& frame) {
    if (frame.payload.size() > kMaxPayload || frame.payload.find(kStart) != std::string::npos) return std::nullopt;
    std::string out;
    out.reserve(kHeaderSize + frame.payload.size());
    out += kStart;
    out += kMagic;
    out += static_cast<char>(frame.kind);
    append_hex(out, frame.nonce, 16);
    append_hex(out, frame.payload.size(), 4);
    append_hex(out, crc32(std::string_view{out}.substr(kKindAt), frame.payload), 8);
    out += frame.payload;
    return out;
}

std::optional<Frame> Decoder::take(std::string_view& input) {
    while (!input.empty()) {
        if (pending_.empty()) {
            const std::size_t start = std::min(input.find(kStart), input.size());
            input.remove_prefix(start);
            if (input.empty()) break;
            pending_ = kStart;
            input.remove_prefix(1);
            continue;
        }
        // The payload in one go, the header byte by byte: each is checked as it comes.
        const std::size_t want = expected_ != 0 ? expected_ - pending_.size() : 1;
        const std::string_view part = input.substr(0, std::min(want, input.size()));
        const std::size_t cut = part.find(kStart);
        if (cut != std::string_view::npos) {
            input.remove_prefix(cut);  // the next round starts a frame here
            pending_.clear();
            expected_ = 0;
            ++dropped_;
            continue;
        }
        pending_ += part;
        input.remove_prefix(part.size());
        if (!header_fits()) {
            pending_.clear();
            expected_ = 0;
            ++dropped_;
            continue;
        }
        if (pending_.size() == kHeaderSize) {
            expected_ = kHeaderSize + hex_value(std::string_view{pending_}.substr(kLengthAt, 4));
        }
        if (pending_.size() == expected_) {
            if (auto frame = finish()) return frame;
        }
    }
    return std::nullopt;
}

// Whether the newest byte is allowed where it is. Bytes of the payload always are.
bool Decoder::header_fits() const {
    const std::size_t at = pending_.size() - 1;
    if (at >= kHeaderSize) return true;
    const char c = pending_[at];
    if (at < kKindAt) return c == kMagic[at - 1];
    if (at == kKindAt) return c == static_cast<char>(Kind::kRequest) || c == static_cast<char>(Kind::kAnswer);
    if (!is_hex(c)) return false;
    return at != kChecksumAt - 1 || hex_value(std::string_view{pending_}.substr(kLengthAt, 4)) <= kMaxPayload;
}

std::optional<Frame> Decoder::finish() {
    const std::string whole = std::exchange(pending_, {});
    expected_ = 0;
    const std::string_view header{whole.data(), kHeaderSize};
    const std::string_view payload = std::string_view{whole}.substr(kHeaderSize);
    if (crc32(header.substr(kKindAt, kChecksumAt - kKindAt), payload) != hex_value(header.substr(kChecksumAt))) {
        ++dropped_;
        return std::nullopt;
    }
    return Frame{static_cast<Kind>(whole[kKindAt]), hex_value(header.substr(kNonceAt, 16)), std::string{payload}};
}

}  // namespace bh::guest_frame
