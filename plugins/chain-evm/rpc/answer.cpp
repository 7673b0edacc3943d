#include "plugins/chain-evm/rpc/answer.hpp"

#include "plugins/chain-evm/rpc/log_list.hpp"

namespace bh::evm {
namespace {

namespace od = simdjson::ondemand;
using nlohmann::json;

static_assert(kAnswerPadding >= simdjson::SIMDJSON_PADDING);

constexpr const char* kNoJson = "not JSON";

std::optional<json> value_of(od::value& value) {
    const std::string_view text = text_of(value);
    json out = json::parse(text.begin(), text.end(), nullptr, false);
    if (out.is_discarded()) return std::nullopt;
    return out;
}

void set_id(const json& id, Answer& out) {
    out.no_id = id.is_null();
    if (!id.is_number_unsigned()) return;
    const auto number = id.get<std::uint64_t>();
    if (number <= UINT32_MAX) out.id = static_cast<std::uint32_t>(number);
}

bool is_list(od::value& value) {
    od::json_type type{};
    return value.type().get(type) == simdjson::SUCCESS && type == od::json_type::array;
}

// "" or what is wrong.
std::string read_member(std::string_view name, od::value& value, Results results, Answer& out) {
    if (name == "result" && results == Results::logs && is_list(value)) {
        od::array list;
        if (value.get_array().get(list) != simdjson::SUCCESS) return kNoJson;
        return read_log_list(list, out.logs.emplace());
    }
    std::optional<json> read = value_of(value);
    if (!read) return kNoJson;
    if (name == "id") set_id(*read, out);
    if (name == "error" && !read->is_null()) out.error = std::move(read);
    if (name == "result") out.result = std::move(read);
    return {};
}

std::string read_envelope(od::object object, Results results, Answer& out) {
    constexpr std::string_view kOurs[] = {"id", "error", "result"};
    bool seen[std::size(kOurs)] = {};
    out.no_id = true;
    for (simdjson::simdjson_result<od::field> entry : object) {
        od::field field;
        if (std::move(entry).get(field) != simdjson::SUCCESS) return kNoJson;
        const std::string_view name = name_of(field);
        if (name.empty()) return "a member's name is empty, escaped or long";
        for (std::size_t i = 0; i < std::size(kOurs); ++i) {
            if (name == kOurs[i] && std::exchange(seen[i], true)) return std::string{name} + " is there twice";
        }
        if (std::string wrong = read_member(name, field.value(), results, out); !wrong.empty()) return wrong;
    }
    // An error has the say, whatever stands beside it.
    if (out.error) out.result.reset(), out.logs.reset();
    return {};
}

std::string read_batch(od::array array, Results results, std::vector<Answer>& out) {
    for (simdjson::simdjson_result<od::value> item : array) {
        od::value value;
        od::object object;
        if (std::move(item).get(value) != simdjson::SUCCESS) return kNoJson;
        Answer& answer = out.emplace_back();
        if (value.get_object().get(object) == simdjson::SUCCESS) {
            if (std::string wrong = read_envelope(object, results, answer); !wrong.empty()) return wrong;
        } else if (!value_of(value)) {
            return kNoJson;
        }
    }
    return {};
}

// Of a text that is neither a list nor an object.
std::string read_scalar(std::string_view text) { return json::accept(text.begin(), text.end()) ? "" : kNoJson; }

std::string read_document(od::document& document, std::string_view text, Results results, Answers& out) {
    od::json_type type{};
    if (document.type().get(type) != simdjson::SUCCESS) return kNoJson;
    std::string wrong;
    if (type == od::json_type::array) {
        od::array array;
        out.batch = true;
        wrong = document.get_array().get(array) == simdjson::SUCCESS ? read_batch(array, results, out.items) : kNoJson;
    } else if (type == od::json_type::object) {
        od::object object;
        Answer& one = out.items.emplace_back();
        wrong = document.get_object().get(object) == simdjson::SUCCESS ? read_envelope(object, results, one) : kNoJson;
    } else {
        out.items.emplace_back();
        return read_scalar(text);
    }
    if (!wrong.empty()) return wrong;
    // Nothing stands behind it: where the text is read to its end there is no place any more.
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS ? "" : kNoJson;
}

}  // namespace

Result<Answers> read_answers(std::string& text, Results results) {
    const auto garbage = [](std::string what) {
        return Failure{BH_E_UNAVAILABLE, "endpoint_garbage", std::move(what), 0};
    };
    if (text.starts_with("\xEF\xBB\xBF")) return garbage("it starts with a byte order mark");  // which not all refuse
    if (text.capacity() - text.size() < kAnswerPadding) text.reserve(text.size() + kAnswerPadding);
    od::parser parser;
    od::document document;
    if (parser.iterate(std::string_view{text}, text.capacity()).get(document) != simdjson::SUCCESS) {
        return garbage(kNoJson);
    }
    Answers out;
    std::string wrong = read_document(document, text, results, out);
    if (!wrong.empty()) return garbage(std::move(wrong));
    return out;
}

}  // namespace bh::evm
