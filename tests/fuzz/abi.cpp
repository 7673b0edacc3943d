// Contract ABI: answers and logs of a node that may lie.
#include "plugins/chain-evm/abi/decode.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kMost = 256;
    for (std::size_t i = 0; i < 8; ++i) {
        const bh::evm::ByteView input{data, size};
        bh::evm::WordReader numbers{input};
        const auto number = numbers.uint(i);
        if (numbers.status())
            bh::fuzz::must(bh::evm::Uint256::from_decimal(number.decimal()) == number, "a number survives");
        bh::evm::WordReader others{input};
        (void)others.u64(i);
        (void)others.boolean(i);
        (void)others.address(i);
        (void)others.hash(i);
        bh::evm::WordReader tails{input};
        bh::fuzz::must(tails.bytes(i, kMost).size() <= kMost, "bytes are within their limit");
        bh::fuzz::must(tails.text(i, kMost).size() <= kMost, "text is within its limit");
    }
    return 0;
}
