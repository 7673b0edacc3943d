#include "kernel/signer/rlp.hpp"

namespace bh::signer {

namespace {

constexpr std::uint8_t kText = 0x80;
constexpr std::uint8_t kList = 0xc0;
constexpr std::size_t kShort = 55;

Failure bad(const char* what) { return invalid("bad_rlp", std::string{"the transaction's RLP "} + what); }

}  // namespace

// The payload of the next item, whose first byte lies in [base, base + 0x3f].
Result<crypto::ByteView> RlpReader::item(std::uint8_t base) {
    if (rest_.empty()) return bad("ends too early");
    if (rest_[0] < base || rest_[0] > base + 0x3f) return bad("has a list where text belongs, or the reverse");
    std::size_t head = 1;
    std::size_t size = rest_[0] - base;
    if (size > kShort) {
        const std::size_t digits = size - kShort;
        if (digits > 4 || rest_.size() < 1 + digits) return bad("has a length beyond its end");
        if (rest_[1] == 0) return bad("has a length with leading zeros");
        size = 0;
        for (std::size_t i = 1; i <= digits; ++i) size = size << 8 | rest_[i];
        if (size <= kShort) return bad("has a long length where a short one does");
        head += digits;
    }
    if (rest_.size() - head < size) return bad("has a length beyond its end");
    const crypto::ByteView payload = rest_.subspan(head, size);
    rest_ = rest_.subspan(head + size);
    return payload;
}

Result<crypto::ByteView> RlpReader::text() {
    if (!rest_.empty() && rest_[0] < kText) {
        const crypto::ByteView byte = rest_.first(1);
        rest_ = rest_.subspan(1);
        return byte;
    }
    auto payload = item(kText);
    if (payload && payload->size() == 1 && (*payload)[0] < kText)
        return bad("wraps a single byte that stands for itself");
    return payload;
}

Result<RlpReader> RlpReader::list() {
    const auto payload = item(kList);
    if (!payload) return payload.failure();
    return RlpReader{*payload};
}

Result<std::uint64_t> RlpReader::number() {
    const auto digits = text();
    if (!digits) return digits.failure();
    if (!digits->empty() && digits->front() == 0) return bad("has a number with leading zeros");
    if (digits->size() > 8) return bad("has a number of 2^64 or above");
    std::uint64_t number = 0;
    for (const std::uint8_t digit : *digits) number = number << 8 | digit;
    return number;
}

}  // namespace bh::signer
