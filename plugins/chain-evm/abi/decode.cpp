#include "plugins/chain-evm/abi/decode.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::array<std::uint8_t, 32> kZeroWord{};

bool all_zero(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

void WordReader::fail(std::size_t index, std::string_view what) {
    if (error_.empty()) error_ = "word " + std::to_string(index) + " " + std::string{what};
}

ByteView WordReader::word(std::size_t index) {
    if (!error_.empty()) return kZeroWord;
    if (index >= data_.size() / 32) {
        fail(index, "is missing");
        return kZeroWord;
    }
    return data_.subspan(index * 32, 32);
}

Uint256 WordReader::uint(std::size_t index) {
    std::array<std::uint8_t, 32> out{};
    std::ranges::copy(word(index), out.begin());
    return Uint256::from_word(out);
}

std::uint64_t WordReader::u64(std::size_t index) {
    const auto value = uint(index).as_u64();
    if (!value) fail(index, "is larger than 64 bits");
    return value.value_or(0);
}

bool WordReader::boolean(std::size_t index) {
    const Uint256 value = uint(index);
    if (value > Uint256{1}) fail(index, "is not a boolean");
    return value == Uint256{1};
}

Address WordReader::address(std::size_t index) {
    const ByteView view = word(index);
    if (!all_zero(view.first(12))) {
        fail(index, "is not an address");
        return {};
    }
    Address out;
    std::copy(view.begin() + 12, view.end(), out.bytes.begin());
    return out;
}

Hash WordReader::hash(std::size_t index) {
    Hash out;
    std::ranges::copy(word(index), out.bytes.begin());
    return out;
}

Bytes WordReader::bytes(std::size_t index, std::size_t max_size) {
    const std::uint64_t offset = u64(index);
    if (!error_.empty()) return {};
    if (offset % 32 != 0 || offset >= data_.size() || data_.size() - offset < 32) {
        fail(index, "points outside the data");
        return {};
    }
    const std::uint64_t size = u64(offset / 32);
    const std::uint64_t room = data_.size() - offset - 32;
    if (!error_.empty()) return {};
    if (size > max_size || size > room || (size + 31) / 32 * 32 > room) {
        fail(index, "has a length outside the data");
        return {};
    }
    const ByteView tail = data_.subspan(offset + 32);
    if (!all_zero(tail.subspan(size, (size + 31) / 32 * 32 - size))) {
        fail(index, "has dirty padding");
        return {};
    }
    return crypto::to_bytes(tail.first(size));
}

std::string WordReader::text(std::size_t index, std::size_t max_size) {
    const Bytes value = bytes(index, max_size);
    return {value.begin(), value.end()};
}

Status WordReader::status() const {
    if (error_.empty()) return {};
    return Failure{BH_E_UNAVAILABLE, "bad_encoding",
                   "the endpoint's answer is not what the contract would say: " + error_ +
                       "; check the endpoint and the contract's address"};
}

}  // namespace bh::evm
