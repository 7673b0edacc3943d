// One log as a node gives it. A plain value.
#pragma once

#include "plugin-api/documents/common.hpp"
#include "plugins/chain-evm/abi/types.hpp"

#include <algorithm>
#include <initializer_list>
#include <stdexcept>

namespace bh::evm {

// The topics of a log, at most four (LOG0 to LOG4), held in place: there are very many logs.
class LogTopics {
public:
    static constexpr std::size_t kMax = 4;

    LogTopics() = default;
    LogTopics(std::initializer_list<Hash> list) {
        for (const Hash& topic : list) push_back(topic);
    }
    // Whoever reads them from outside counts first; std::length_error: a bug.
    void push_back(const Hash& topic) {
        if (size_ == kMax) throw std::length_error{"a log has at most four topics"};
        list_[size_++] = topic;
    }
    void pop_back() { --size_; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] const Hash& front() const { return list_[0]; }
    [[nodiscard]] const Hash& back() const { return list_[size_ - 1U]; }
    [[nodiscard]] Hash& operator[](std::size_t i) { return list_[i]; }
    [[nodiscard]] const Hash& operator[](std::size_t i) const { return list_[i]; }
    [[nodiscard]] const Hash* begin() const noexcept { return list_.data(); }
    [[nodiscard]] const Hash* end() const noexcept { return list_.data() + size_; }

    // The indexed arguments, those behind the first topic, as one run of words.
    [[nodiscard]] ByteView arguments() const noexcept {
        static_assert(sizeof(Hash) == 32);
        return size_ < 2 ? ByteView{} : ByteView{list_[1].bytes.data(), (size_ - 1U) * sizeof(Hash)};
    }

    bool operator==(const LogTopics& other) const noexcept {
        return std::equal(begin(), end(), other.begin(), other.end());
    }

private:
    std::array<Hash, kMax> list_{};
    std::uint8_t size_ = 0;
};

struct Log {
    Address address;
    LogTopics topics;
    Bytes data;
    std::uint64_t block = 0;
    Hash block_hash;
    Hash tx;
    std::uint32_t index = 0;  // in its block

    bool operator==(const Log&) const = default;
};

}  // namespace bh::evm
