#include "plugins/chain-evm/tx/rlp.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::uint8_t kString = 0x80;
constexpr std::uint8_t kList = 0xc0;
constexpr std::size_t kShort = 55;

ByteView significant(const std::array<std::uint8_t, 32>& word) {
    const auto first = std::ranges::find_if(word, [](std::uint8_t byte) { return byte != 0; });
    return ByteView{word}.subspan(static_cast<std::size_t>(first - word.begin()));
}

void append_prefix(Bytes& out, std::uint8_t base, std::size_t size) {
    if (size <= kShort) {
        out.push_back(static_cast<std::uint8_t>(base + size));
        return;
    }
    const Uint256 length{size};
    const ByteView digits = significant(length.word());
    out.push_back(static_cast<std::uint8_t>(base + kShort + digits.size()));
    crypto::append(out, digits);
}

}  // namespace

RlpList& RlpList::bytes(ByteView value) { return encoded(rlp_string(value)); }

RlpList& RlpList::uint(const Uint256& value) { return bytes(significant(value.word())); }

RlpList& RlpList::empty_list() {
    content_.push_back(kList);
    return *this;
}

RlpList& RlpList::encoded(ByteView item) {
    crypto::append(content_, item);
    return *this;
}

Bytes rlp_string(ByteView value) {
    Bytes out;
    const bool is_its_own_code = value.size() == 1 && value[0] < kString;
    if (!is_its_own_code) append_prefix(out, kString, value.size());
    crypto::append(out, value);
    return out;
}

Bytes RlpList::finish() const {
    Bytes out;
    append_prefix(out, kList, content_.size());
    crypto::append(out, content_);
    return out;
}

}  // namespace bh::evm
