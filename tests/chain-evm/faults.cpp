#include "tests/chain-evm/faults.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/abi/types.hpp"

namespace bh::evm::test {
namespace {

using nlohmann::json;

std::uint64_t number(const json& text) {
    return text.is_string() ? Uint256::from_quantity(text.get<std::string>()).value_or(Uint256{}).as_u64().value_or(0)
                            : 0;
}

bool is(const json& call, const char* method) { return call.at("method") == method; }

json error(int code, const std::string& message) { return {{"error", {{"code", code}, {"message", message}}}}; }

// The lists of logs in a reply: that of eth_getLogs, or those of receipts.
template <class F>
void each_log_list(const json& call, json& reply, bool receipts, F&& visit) {
    const auto result = reply.find("result");
    if (result == reply.end() || !result->is_array()) return;
    if (!receipts && is(call, "eth_getLogs")) visit(*result);
    if (!receipts || !is(call, "eth_getBlockReceipts")) return;
    for (json& receipt : *result) visit(receipt["logs"]);
}

Endpoint::Change on_logs(std::function<void(json& list)> change) {
    return [change = std::move(change)](const json& call, json& reply) { each_log_list(call, reply, false, change); };
}

std::string fake_hash(std::uint64_t height) {
    return crypto::hex0x(crypto::keccak256(crypto::bytes_of("fork " + std::to_string(height))));
}

void flip_last_digit(json& text) {
    std::string value = text.get<std::string>();
    value.back() = value.back() == '7' ? '8' : '7';
    text = value;
}

}  // namespace

Endpoint::Change omits_logs() {
    return on_logs([](json& list) {
        if (!list.empty()) list.erase(0);
    });
}

Endpoint::Change empty_logs() {
    return on_logs([](json& list) { list = json::array(); });
}

Endpoint::Change adds_a_log() {
    return on_logs([](json& list) {
        if (list.empty()) return;
        json more = list.back();
        more["logIndex"] = quantity(number(more["logIndex"]) + 1);
        if (more["topics"].size() > 1) flip_last_digit(more["topics"][1]);
        list.push_back(more);
    });
}

Endpoint::Change alters_logs() {
    return on_logs([](json& list) {
        if (list.empty()) return;
        json& data = list.back()["data"];
        if (data.get<std::string>().size() > 66) {
            flip_last_digit(data);
        } else {
            flip_last_digit(list.back()["topics"].back());
        }
    });
}

Endpoint::Change moves_logs() {
    return on_logs([](json& list) {
        if (!list.empty()) flip_last_digit(list.back()["transactionHash"]);
    });
}

Endpoint::Change removes_logs() {
    return on_logs([](json& list) {
        for (json& log : list) log["removed"] = true;
    });
}

Endpoint::Change in_receipts_too(Endpoint::Change change) {
    return [change = std::move(change)](const json& call, json& reply) {
        change(call, reply);
        each_log_list(call, reply, true, [&](json& list) {
            json as_logs{{"result", list}};
            change({{"method", "eth_getLogs"}}, as_logs);
            list = as_logs["result"];
        });
    };
}

Endpoint::Change forks_from(std::uint64_t height) {
    return [height](const json& call, json& reply) {
        const bool block = is(call, "eth_getBlockByNumber") || is(call, "eth_getBlockByHash");
        if (block && reply.contains("result") && reply["result"].is_object()) {
            const std::uint64_t at = number(reply["result"]["number"]);
            if (at >= height) reply["result"]["hash"] = fake_hash(at);
            if (at > height) reply["result"]["parentHash"] = fake_hash(at - 1);
        }
        if (is(call, "eth_getLogs") && reply.contains("result")) {
            for (json& log : reply["result"]) {
                if (number(log["blockNumber"]) >= height) log["blockHash"] = fake_hash(number(log["blockNumber"]));
            }
        }
    };
}

Endpoint::Change forges_headers() {
    return [](const json&, json& reply) {
        if (!reply.contains("result") || !reply["result"].is_object()) return;
        if (reply["result"].contains("receiptsRoot")) flip_last_digit(reply["result"]["receiptsRoot"]);
    };
}

Endpoint::Script lags(std::uint64_t head) {
    return [head](const json& call) -> json {
        const json& params = call["params"];
        if (is(call, "eth_blockNumber")) return {{"result", quantity(head)}};
        if (is(call, "eth_getBlockByNumber") && number(params[0]) > head) return {{"result", nullptr}};
        if (is(call, "eth_getBlockByNumber") && params[0] == "latest") {
            json older = call;
            older["params"][0] = quantity(head);
            return {{"forward", older}};
        }
        if (is(call, "eth_getBlockByHash")) return {{"result", nullptr}};
        if (is(call, "eth_getLogs") && params[0].contains("toBlock") && number(params[0]["toBlock"]) > head) {
            return {{"result", json::array()}};
        }
        if (is(call, "eth_getLogs") && params[0].contains("blockHash")) return error(-32000, "unknown block");
        return {};
    };
}

Endpoint::Script of_chain(std::uint64_t id) {
    return [id](const json& call) { return is(call, "eth_chainId") ? json{{"result", quantity(id)}} : json{}; };
}

Endpoint::Script caps_ranges(std::uint64_t blocks, int code, std::string message) {
    return [blocks, code, message = std::move(message)](const json& call) -> json {
        if (!is(call, "eth_getLogs") || !call["params"][0].contains("toBlock")) return {};
        const json& filter = call["params"][0];
        if (number(filter["toBlock"]) - number(filter["fromBlock"]) < blocks) return {};
        return error(code, message);
    };
}

Endpoint::Script lacks(std::vector<std::string> methods) {
    return [methods = std::move(methods)](const json& call) -> json {
        for (const std::string& method : methods) {
            if (call.at("method") == method) return error(-32004, "Method " + method + " is not supported");
        }
        return {};
    };
}

Endpoint::Script prunes_below(std::uint64_t height) {
    return [height](const json& call) -> json {
        const json& params = call["params"];
        if (is(call, "eth_call")) return error(-32000, "missing trie node 00 (path ) state is not available");
        if (is(call, "eth_getLogs") && params[0].contains("fromBlock") && number(params[0]["fromBlock"]) < height) {
            return error(4444, "pruned history unavailable");
        }
        return {};
    };
}

Endpoint::Script fails_every(int nth, std::shared_ptr<int> count) {
    return [nth, count = std::move(count)](const json&) -> json {
        return ++*count % nth == 0 ? error(-32000, "backend connection lost") : json{};
    };
}

Endpoint::Change alters_calls() {
    return [](const json& call, json& reply) {
        if (is(call, "eth_call") && reply.contains("result") && reply["result"].get<std::string>().size() > 66) {
            flip_last_digit(reply["result"]);
        }
    };
}

Endpoint::Change loses_receipts() {
    return [](const json& call, json& reply) {
        if (is(call, "eth_getTransactionReceipt")) reply = {{"result", nullptr}};
    };
}

Endpoint::Change invents_receipts() {
    return [](const json& call, json& reply) {
        if (is(call, "eth_getTransactionReceipt") && reply.contains("result") && reply["result"].is_object()) {
            reply["result"]["status"] = "0x0";
        }
    };
}

const std::vector<NamedFault>& all_faults() {
    static const std::vector<NamedFault> faults{
        {"omits logs", [](Endpoint& e) { e.change(omits_logs()); }},
        {"empty logs", [](Endpoint& e) { e.change(empty_logs()); }},
        {"adds a log", [](Endpoint& e) { e.change(adds_a_log()); }},
        {"alters logs", [](Endpoint& e) { e.change(alters_logs()); }},
        {"moves logs", [](Endpoint& e) { e.change(moves_logs()); }},
        {"removed: true", [](Endpoint& e) { e.change(removes_logs()); }},
        {"lies in receipts, too", [](Endpoint& e) { e.change(in_receipts_too(alters_logs())); }},
        {"forks", [](Endpoint& e) { e.change(forks_from(6)); }},
        {"forges headers", [](Endpoint& e) { e.change(forges_headers()); }},
        {"lags", [](Endpoint& e) { e.script(lags(5)); }},
        {"another chain", [](Endpoint& e) { e.script(of_chain(5)); }},
        {"caps ranges",
         [](Endpoint& e) { e.script(caps_ranges(3, -32005, "query returned more than 10000 results")); }},
        {"lacks methods", [](Endpoint& e) { e.script(lacks({"eth_getBlockReceipts", "eth_feeHistory"})); }},
        {"prunes", [](Endpoint& e) { e.script(prunes_below(1000)); }},
        {"flaps", [](Endpoint& e) { e.script(fails_every(3, std::make_shared<int>(0))); }},
        {"alters state", [](Endpoint& e) { e.change(alters_calls()); }},
        {"429", [](Endpoint& e) { e.answer_all({429, "slow down", "text/plain", {{"Retry-After", "1"}}}); }},
        {"503", [](Endpoint& e) { e.answer_all({503, "<html>later</html>", "text/html"}); }},
        {"garbage", [](Endpoint& e) { e.answer_all({200, "<html>It works</html>", "text/html"}); }},
        {"cut short",
         [](Endpoint& e) {
             e.answer_all({200, R"({"jsonrpc":"2.0","id":1,"result":"0x1"})", "application/json", {}, true});
         }},
        {"hangs", [](Endpoint& e) { e.hang(true); }}};
    return faults;
}

}  // namespace bh::evm::test
