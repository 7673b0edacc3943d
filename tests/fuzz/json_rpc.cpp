// JSON-RPC: whatever an endpoint answers, to one call and to a batch, and the typed values in it; a list of logs that
// is read while it is scanned says what the same list says as values.
#include "plugins/chain-evm/rpc/json_rpc.hpp"
#include "plugins/chain-evm/rpc/answer.hpp"

#include "plugins/chain-evm/rpc/node_json.hpp"
#include "plugins/chain-evm/rpc/transport.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

class OneAnswer final : public bh::evm::Transport {
public:
    explicit OneAnswer(std::string_view answer) : answer_{answer} {}
    bh::Result<std::string> post(const std::string& /*body*/, std::size_t /*max_answer_bytes*/) override {
        return answer_;
    }
    void interrupt() override {}
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

namespace {

// What the reader of trees makes of the same list; nullopt: a log that it refuses, or one not above the one before.
std::optional<std::vector<bh::evm::Log>> from_tree(const nlohmann::json& list) {
    std::vector<bh::evm::Log> out;
    for (const nlohmann::json& item : list) {
        auto log = bh::evm::read_log(item);
        const bool above =
            log && (out.empty() || std::pair{out.back().block, out.back().index} < std::pair{log->block, log->index});
        if (!above) return std::nullopt;
        out.push_back(*std::move(log));
    }
    return out;
}

void same_logs(std::string text) {
    std::string copy = text;
    const auto logs = bh::evm::read_answers(text, bh::evm::Results::logs);
    const auto values = bh::evm::read_answers(copy, bh::evm::Results::values);
    if (!logs) return;  // the reader of lists is the stricter one
    bh::fuzz::must(values.ok() && values->items.size() == logs->items.size(), "what has logs is JSON");
    for (std::size_t i = 0; i < logs->items.size(); ++i) {
        const auto& list = logs->items[i].logs;
        if (!list) continue;
        const auto& tree = values->items[i].result;
        bh::fuzz::must(tree && tree->is_array() && from_tree(*tree) == *list, "both readers say the same");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = bh::fuzz::text(data, size);
    same_logs(std::string{input});
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
