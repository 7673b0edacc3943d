#include "plugins/chain-evm/heads/message.hpp"

#include "plugin-api/documents/strict_json.hpp"

#include <algorithm>
#include <charconv>

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr std::int64_t kAskedChain = 1, kAskedSubscription = 2;
constexpr std::size_t kMaxId = 128, kMaxWords = 200;

// A QUANTITY of JSON-RPC, "0x1b4".
std::optional<std::uint64_t> quantity(const json* value) {
    if (value == nullptr || !value->is_string()) return std::nullopt;
    const auto& text = value->get_ref<const std::string&>();
    if (!text.starts_with("0x")) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + 2, end, number, 16);
    if (error != std::errc{} || at != end) return std::nullopt;
    return number;
}

const json* member(const json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

std::optional<std::string> id_text(const json* value) {
    if (value == nullptr || !value->is_string()) return std::nullopt;
    auto text = value->get<std::string>();
    if (text.empty() || text.size() > kMaxId) return std::nullopt;
    return text;
}

// The node's own words, for an operator's eyes: short and printable.
std::string words(const json& error) {
    const json* message = member(error, "message");
    std::string out = message != nullptr && message->is_string() ? message->get<std::string>() : "no reason";
    std::erase_if(out, [](char c) { return c < 0x20 || c > 0x7e; });
    return out.substr(0, kMaxWords);
}

HeadsMessage answer_to(std::int64_t question, const json& object) {
    if (const json* error = member(object, "error"); error != nullptr && !error->is_null()) {
        return {HeadsMessage::Kind::refused, 0, words(*error)};
    }
    const json* result = member(object, "result");
    if (question == kAskedChain) {
        if (const auto id = quantity(result)) return {HeadsMessage::Kind::chain_id, *id, {}};
    } else if (question == kAskedSubscription) {
        if (auto id = id_text(result)) return {HeadsMessage::Kind::subscribed, 0, std::move(*id)};
    }
    return {};
}

}  // namespace

std::string heads_question_chain() {
    return json{{"jsonrpc", "2.0"}, {"id", kAskedChain}, {"method", "eth_chainId"}, {"params", json::array()}}.dump();
}

std::string heads_question_subscribe() {
    return json{{"jsonrpc", "2.0"},
                {"id", kAskedSubscription},
                {"method", "eth_subscribe"},
                {"params", json::array({"newHeads"})}}
        .dump();
}

std::optional<HeadsMessage> read_heads_message(std::string_view text) {
    const auto parsed = read_strict_json(text);
    if (!parsed || !parsed->is_object()) return std::nullopt;
    if (const json* id = member(*parsed, "id"); id != nullptr && id->is_number_integer()) {
        return answer_to(id->get<std::int64_t>(), *parsed);
    }
    const json* method = member(*parsed, "method");
    const json* params = member(*parsed, "params");
    if (method == nullptr || *method != "eth_subscription" || params == nullptr) return HeadsMessage{};
    auto subscription = id_text(member(*params, "subscription"));
    const json* block = member(*params, "result");
    const auto height = block == nullptr ? std::nullopt : quantity(member(*block, "number"));
    if (!subscription || !height) return HeadsMessage{};
    return HeadsMessage{HeadsMessage::Kind::head, *height, std::move(*subscription)};
}

}  // namespace bh::evm
