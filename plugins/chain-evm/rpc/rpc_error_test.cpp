#include "plugins/chain-evm/rpc/json_rpc.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::evm;
using nlohmann::json;

namespace {

RpcErrorKind kind(int code, const char* message) { return read_rpc_error({{"code", code}, {"message", message}}).kind; }

}  // namespace

// The spellings that nodes and providers use; what is taken for a range limit is asked again in smaller ranges, what is
// taken for a rate limit later.
TEST_CASE("limits on ranges and results are told from limits on rates") {
    const std::pair<int, const char*> ranges[] = {
        {-32005, "query returned more than 10000 results"},
        {-32602, "query returned more than 10000 results. Try with this block range [0x1, 0x2]."},
        {-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"},
        {-32614, "eth_getLogs is limited to a 10,000 range"},
        {-32000, "eth_getLogs is limited to 0 - 10000 blocks range"},
        {-32600, "You can make eth_getLogs requests with up to a 10 block range."},
        {-32000, "block range is too wide"},
        {-32000, "exceed maximum block range: 50000"},
        {-32000, "Block range limit exceeded. See more details at https://docs.example"},
        {-32005, "Requested range exceeds maximum RPC range limit"},
        {-32602, "query exceeds max results 20000, retry with the range 100-200"},
        {-32602, "query exceeds max block range 100000"},
        {-32701, "Please specify an address in your request or, to remove restrictions, reduce the block range"},
        {35, "ranges over 10000 blocks are not supported on freetier"},
        {-32000, "logs matched by query exceeds limit of 10000"},
        {-32000, "too many logs"},
        {-32000, "query timeout exceeded"},
        {-32000, "response is too big"},
        {-32008, "Response size is too large"},
        {-32005, "limit exceeded"}};
    for (const auto& [code, message] : ranges) {
        INFO(message);
        CHECK(kind(code, message) == RpcErrorKind::too_many_logs);
    }
    const std::pair<int, const char*> rates[] = {
        {429, "Too Many Requests"},
        {-32005, "daily request count exceeded, request rate limited"},
        {-32007, "100/second request limit reached"},
        {-32005, "project ID request rate exceeded"},
        {-32029, "Your app has exceeded its compute units per second capacity"},
        {-32090, "Too many requests, reason: call rate limit exhausted"}};
    for (const auto& [code, message] : rates) {
        INFO(message);
        CHECK(kind(code, message) == RpcErrorKind::rate_limited);
    }
    const std::pair<int, const char*> pruned[] = {{-32000, "missing trie node 1234 (path )"},
                                                  {-32000, "header not found"},
                                                  {-32000, "required historical state unavailable (reexec=128)"},
                                                  {4444, "pruned history unavailable"},
                                                  {-32001, "Unknown block"},
                                                  {-32602, "BlockOutOfRangeError: block height is 3"}};
    for (const auto& [code, message] : pruned) {
        INFO(message);
        CHECK(kind(code, message) == RpcErrorKind::no_state);
    }
}
