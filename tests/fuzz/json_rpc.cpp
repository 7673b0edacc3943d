// JSON-RPC: whatever an endpoint answers, to one call and to a batch, and the typed values in it.
#include "plugins/chain-evm/rpc/json_rpc.hpp"

#include "plugins/chain-evm/rpc/node_json.hpp"
#include "plugins/chain-evm/rpc/transport.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

class OneAnswer final : public bh::evm::Transport {
public:
    explicit OneAnswer(std::string_view answer) : answer_{answer} {}
    bh::Result<std::string> post(const std::string& /*body*/) override { return answer_; }
    [[nodiscard]] const std::string& label() const override { return label_; }

private:
    const std::string answer_;
    const std::string label_ = "http://node";
};

void typed(const nlohmann::json& node) {
    if (const auto number = bh::evm::read_u64(node))
        bh::fuzz::must(bh::evm::read_u64(bh::evm::quantity(*number)) == number, "a quantity survives");
    (void)bh::evm::read_uint(node);
    (void)bh::evm::read_hash(node);
    (void)bh::evm::read_address(node);
    (void)bh::evm::read_data(node);
    (void)bh::evm::read_header(node);
    (void)bh::evm::read_log(node);
    (void)bh::evm::read_receipt(node);
    (void)bh::evm::read_fee_history(node);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = bh::fuzz::text(data, size);
    bh::evm::JsonRpc one{std::make_unique<OneAnswer>(input)};
    if (const auto result = one.call({"eth_blockNumber"})) typed(*result);
    bh::evm::JsonRpc batch{std::make_unique<OneAnswer>(input)};
    const std::vector<bh::evm::RpcCall> calls{{"eth_blockNumber"}, {"eth_chainId"}};
    if (const auto replies = batch.send(calls)) {
        bh::fuzz::must(replies->size() == calls.size(), "each call has its reply");
        for (const auto& reply : *replies) {
            typed(reply.result);
            if (reply.error) bh::fuzz::must(reply.error->text.size() <= 160, "a node's words are cut");
        }
    }
    return 0;
}
