// seal-1 and seal-2 as they come from the chain, and the details inside. The key is the one of seal-1's vectors.
#include "kernel/seal/seal.hpp"

#include <algorithm>

#include "kernel/seal/content.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace bh::seal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bh::crypto::Secret key{32};
    std::fill_n(key.data(), key.size(), std::uint8_t{0x11});
    const RequestContext context{"eip155:31337", "0x5FbDB2315678afecb367f032d93F642f64180aa3",
                                 "0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB"};
    const bh::crypto::ByteView input{data, size};
    if (const auto format = request_format(input)) {
        const auto opened = open_request(*format, key, context, input);
        bh::fuzz::must(!opened || opened->size() > 0, "an opened request is not empty");
    }
    for (const auto format : {kSeal1Request, kSeal2Request}) (void)open_request(format, key, context, input).ok();
    if (const auto details = parse_details(input)) {
        if (auto written = write_details(*details)) {
            const auto again = parse_details({written->data(), written->size()});
            bh::fuzz::must(again.ok() && *again == *details, "connection details survive");
        }
    }
    return 0;
}
