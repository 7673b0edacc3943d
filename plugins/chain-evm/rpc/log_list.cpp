#include "plugins/chain-evm/rpc/log_list.hpp"

#include "plugin-api/documents/json.hpp"
#include "plugins/chain-evm/abi/hex.hpp"

namespace bh::evm {
namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t kMaxName = 64;
constexpr int kMaxDepth = 8;  // of members that are not ours; nodes add numbers and flags

// The members of a log that are ours, each a bit of what was seen.
enum Member : unsigned {
    kAddress = 1,
    kTopics = 2,
    kData = 4,
    kBlock = 8,
    kBlockHash = 16,
    kTx = 32,
    kIndex = 64,
    kRemoved = 128,
    kNeeded = kAddress | kTopics | kData | kBlock | kBlockHash | kTx | kIndex
};
struct Name {
    std::string_view text;
    Member member;
};
constexpr Name kNames[] = {{"address", kAddress},   {"topics", kTopics},       {"data", kData},
                           {"blockNumber", kBlock}, {"blockHash", kBlockHash}, {"transactionHash", kTx},
                           {"logIndex", kIndex},    {"removed", kRemoved}};

const Name* known(std::string_view text) {
    for (const Name& name : kNames) {
        if (name.text == text) return &name;
    }
    return nullptr;
}

std::string_view trimmed(std::string_view token) {
    const std::size_t end = token.find_last_not_of(" \t\r\n");
    return end == std::string_view::npos ? std::string_view{} : token.substr(0, end + 1);
}

// What stands between the quotes of a string; the value is consumed. Escapes stay as they are: no caller takes a
// backslash.
bool between_quotes(od::value& value, std::string_view& out) {
    const std::string_view token = trimmed(value.raw_json_token());
    od::raw_json_string consumed;
    if (value.get_raw_json_string().get(consumed) != simdjson::SUCCESS) return false;
    if (token.size() < 2 || token.back() != '"') return false;
    out = token.substr(1, token.size() - 2);
    return true;
}

bool is_null(od::value& value) {
    bool null = false;
    return value.is_null().get(null) == simdjson::SUCCESS && null;
}

bool read(od::value& value, std::span<std::uint8_t> out) {
    std::string_view text;
    return between_quotes(value, text) && strip_0x(text) && decode_hex(text, out);
}

bool read(od::value& value, Bytes& out) {
    std::string_view text;
    if (!between_quotes(value, text) || !strip_0x(text) || text.size() % 2 != 0) return false;
    out.resize(text.size() / 2);
    return decode_hex(text, out);
}

bool read(od::value& value, std::uint64_t max, std::uint64_t& out) {
    std::string_view text;
    if (!between_quotes(value, text)) return false;
    const auto number = Uint256::from_quantity(text);
    const auto small = number ? number->as_u64() : std::nullopt;
    out = small.value_or(0);
    return small && out <= max;
}

// All of a value that nobody asked for is read: what is no JSON is none anywhere.
bool sound(od::value& value, int depth) {
    od::json_type type{};
    if (depth == 0 || value.type().get(type) != simdjson::SUCCESS) return false;
    switch (type) {
        case od::json_type::object: {
            od::object object;
            if (value.get_object().get(object) != simdjson::SUCCESS) return false;
            for (simdjson::simdjson_result<od::field> member : object) {
                od::field field;
                if (std::move(member).get(field) != simdjson::SUCCESS || name_of(field).empty()) return false;
                if (!sound(field.value(), depth - 1)) return false;
            }
            return true;
        }
        case od::json_type::array: {
            od::array array;
            if (value.get_array().get(array) != simdjson::SUCCESS) return false;
            for (simdjson::simdjson_result<od::value> item : array) {
                od::value inner;
                if (std::move(item).get(inner) != simdjson::SUCCESS || !sound(inner, depth - 1)) return false;
            }
            return true;
        }
        case od::json_type::string: {
            // Its UTF-8 was looked at before; what its escapes may be, nlohmann is stricter about.
            const std::string_view token = trimmed(value.raw_json_token());
            std::string_view text;
            return between_quotes(value, text) &&
                   (text.find('\\') == std::string_view::npos || nlohmann::json::accept(token.begin(), token.end()));
        }
        case od::json_type::number: {
            double number = 0;
            return value.get_double().get(number) == simdjson::SUCCESS;
        }
        case od::json_type::boolean: {
            bool flag = false;
            return value.get_bool().get(flag) == simdjson::SUCCESS;
        }
        case od::json_type::null:
            return is_null(value);
        default:
            return false;
    }
}

// "" or what is wrong with the topics.
std::string read_topics(od::value& value, LogTopics& out) {
    od::array list;
    if (value.get_array().get(list) != simdjson::SUCCESS) return "topics is no list";
    for (simdjson::simdjson_result<od::value> item : list) {
        od::value topic;
        Hash hash;
        if (std::move(item).get(topic) != simdjson::SUCCESS || !read(topic, hash.bytes))
            return "topics has one that is no 0x and 64 hex digits";
        if (out.size() == LogTopics::kMax) return "topics has more than four";
        out.push_back(hash);
    }
    return {};
}

std::string read_member(od::value& value, Member member, Log& out) {
    switch (member) {
        case kAddress:
            return read(value, out.address.bytes) ? "" : "address is no 0x and 40 hex digits";
        case kTopics:
            return read_topics(value, out.topics);
        case kData:
            return read(value, out.data) ? "" : "data is no 0x and pairs of hex digits";
        case kBlock:
            return read(value, UINT64_MAX, out.block) ? "" : "blockNumber is no quantity of 64 bits";
        case kBlockHash:
            return read(value, out.block_hash.bytes) ? "" : "blockHash is no 0x and 64 hex digits";
        case kTx:
            return read(value, out.tx.bytes) ? "" : "transactionHash is no 0x and 64 hex digits";
        case kIndex: {
            std::uint64_t index = 0;
            if (!read(value, UINT32_MAX, index)) return "logIndex is no quantity of 32 bits";
            out.index = static_cast<std::uint32_t>(index);
            return {};
        }
        case kRemoved: {
            bool removed = false;
            if (value.get_bool().get(removed) == simdjson::SUCCESS) return removed ? "removed is true" : "";
            return is_null(value) ? "" : "removed is neither true nor false";
        }
        default:
            return "a member that is not ours";
    }
}

std::string read_log(od::value& value, Log& out) {
    od::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return "it is no object";
    unsigned seen = 0;
    for (simdjson::simdjson_result<od::field> entry : object) {
        od::field field;
        if (std::move(entry).get(field) != simdjson::SUCCESS) return "it is not JSON";
        const std::string_view text = name_of(field);
        if (text.empty()) return "a member's name is empty, escaped or long";
        const Name* name = known(text);
        if (name == nullptr) {
            if (!sound(field.value(), kMaxDepth)) return std::string{text} + " is not JSON, or nested too deep";
            continue;
        }
        if ((seen & name->member) != 0) return std::string{text} + " is there twice";
        seen |= name->member;
        if (std::string wrong = read_member(field.value(), name->member, out); !wrong.empty()) return wrong;
    }
    for (const Name& name : kNames) {
        if ((kNeeded & name.member & ~seen) != 0) return std::string{name.text} + " is missing";
    }
    return {};
}

}  // namespace

std::string_view name_of(const od::field& member) {
    const char* const text = member.key().raw();
    std::size_t size = 0;
    for (; text[size] != '"'; ++size) {
        if (text[size] == '\\' || size == kMaxName) return {};
    }
    return {text, size};
}

std::string_view text_of(od::value value) {
    od::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return {};
    std::string_view text;
    if (type == od::json_type::object) {
        od::object object;
        const bool ends = value.get_object().get(object) == simdjson::SUCCESS;
        return ends && object.raw_json().get(text) == simdjson::SUCCESS ? text : std::string_view{};
    }
    if (type == od::json_type::array) {
        od::array array;
        const bool ends = value.get_array().get(array) == simdjson::SUCCESS;
        return ends && array.raw_json().get(text) == simdjson::SUCCESS ? text : std::string_view{};
    }
    text = trimmed(value.raw_json_token());
    return sound(value, 1) ? text : std::string_view{};
}

std::string read_log_list(od::array list, std::vector<Log>& out) {
    for (simdjson::simdjson_result<od::value> item : list) {
        const std::size_t at = out.size();
        const auto refused = [at](const std::string& what) { return "log " + std::to_string(at) + ": " + what; };
        od::value value;
        if (std::move(item).get(value) != simdjson::SUCCESS) return refused("it is not JSON");
        Log& log = out.emplace_back();
        if (const std::string wrong = read_log(value, log); !wrong.empty()) return refused(wrong);
        if (at == 0) continue;
        const Log& before = out[at - 1];
        const bool above = before.block < log.block || (before.block == log.block && before.index < log.index);
        if (!above) return refused("it is not above the one before it");
    }
    return {};
}

}  // namespace bh::evm
