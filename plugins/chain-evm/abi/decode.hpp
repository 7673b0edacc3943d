// Contract ABI coding, incoming: reads words of a return value or of a log's data. Strict: a value that does not fit
// its type, dirty padding, or an offset or length outside the data is a failure. After the first failure every reader
// answers with zero, so that a caller reads all fields and asks status() once.
#pragma once

#include "plugins/chain-evm/abi/types.hpp"

namespace bh::evm {

class WordReader {
public:
    explicit WordReader(ByteView data) : data_{data} {}

    Uint256 uint(std::size_t index);
    std::uint64_t u64(std::size_t index);
    bool boolean(std::size_t index);
    Address address(std::size_t index);
    Hash hash(std::size_t index);
    Bytes bytes(std::size_t index, std::size_t max_size);  // bytes or string, by its offset word
    std::string text(std::size_t index, std::size_t max_size);

    // BH_E_UNAVAILABLE "bad_encoding", naming the word: nothing that our contract made, so the endpoint's answer counts
    // as none.
    [[nodiscard]] Status status() const;

private:
    ByteView word(std::size_t index);
    void fail(std::size_t index, std::string_view what);

    ByteView data_;
    std::string error_;
};

}  // namespace bh::evm
