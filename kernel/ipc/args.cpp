#include "kernel/ipc/args.hpp"

#include "kernel/ipc/wire.hpp"

namespace bh::ipc {
namespace {

int nibble(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

void Args::mistake(const char* name, std::string_view what) {
    if (!failure_) failure_ = invalid("bad_argument", "\"" + where_ + name + "\" " + std::string{what});
}

const nlohmann::json* Args::find(const char* name, bool required) {
    known_.insert(name);
    if (failure_) return nullptr;
    const auto it = object_.find(name);
    if (it == object_.end()) {
        if (required) mistake(name, "is missing");
        return nullptr;
    }
    return &*it;
}

std::string Args::text_or(const char* name, std::size_t max_bytes, std::string_view absent) {
    const auto* value = find(name, false);
    if (value == nullptr) return std::string{absent};
    return text(name, max_bytes);
}

std::string Args::text(const char* name, std::size_t max_bytes) {
    const auto* value = find(name, true);
    if (value == nullptr) return {};
    if (!value->is_string()) return mistake(name, "must be a string"), std::string{};
    const auto& text = value->get_ref<const std::string&>();
    if (text.size() > max_bytes)
        return mistake(name, "is longer than " + std::to_string(max_bytes) + " bytes"), std::string{};
    if (text.find('\0') != std::string::npos) return mistake(name, "holds a NUL"), std::string{};
    return text;
}

std::int64_t Args::integer(const char* name, std::int64_t min, std::int64_t max) {
    const auto* value = find(name, true);
    if (value == nullptr) return 0;
    const bool fits = value->is_number_integer() &&
                      !(value->is_number_unsigned() && value->get<std::uint64_t>() > std::uint64_t{INT64_MAX});
    if (!fits) return mistake(name, "must be a whole number"), 0;
    const auto number = value->get<std::int64_t>();
    if (number < min || number > max) {
        return mistake(name, "must be from " + std::to_string(min) + " to " + std::to_string(max)), 0;
    }
    return number;
}

std::int64_t Args::integer_or(const char* name, std::int64_t min, std::int64_t max, std::int64_t absent) {
    return find(name, false) == nullptr ? absent : integer(name, min, max);
}

bool Args::flag_or(const char* name, bool absent) {
    const auto* value = find(name, false);
    if (value == nullptr) return absent;
    if (!value->is_boolean()) return mistake(name, "must be true or false"), absent;
    return value->get<bool>();
}

std::vector<std::uint8_t> Args::hex(const char* name, std::size_t max_bytes) {
    const std::string digits = text(name, 2 + 2 * max_bytes);
    std::vector<std::uint8_t> bytes;
    if (failure_) return bytes;
    if (digits.size() < 2 || digits[0] != '0' || digits[1] != 'x' || digits.size() % 2 != 0) {
        return mistake(name, "must be 0x and an even number of hex digits"), bytes;
    }
    for (std::size_t i = 2; i < digits.size(); i += 2) {
        const int high = nibble(digits[i]);
        const int low = nibble(digits[i + 1]);
        if (high < 0 || low < 0)
            return mistake(name, "holds something that is no hex digit"), std::vector<std::uint8_t>{};
        bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    return bytes;
}

const nlohmann::json& Args::object(const char* name) {
    static const nlohmann::json empty = nlohmann::json::object();
    const auto* value = find(name, true);
    if (value == nullptr) return empty;
    if (!value->is_object()) return mistake(name, "must be an object"), empty;
    return *value;
}

const nlohmann::json& Args::object_or_empty(const char* name) {
    static const nlohmann::json empty = nlohmann::json::object();
    return find(name, false) == nullptr ? empty : object(name);
}

const nlohmann::json& Args::list_or_empty(const char* name, std::size_t max_count) {
    static const nlohmann::json empty = nlohmann::json::array();
    const auto* value = find(name, false);
    if (value == nullptr) return empty;
    if (!value->is_array() || value->size() > max_count) {
        return mistake(name, "must be a list of at most " + std::to_string(max_count) + " entries"), empty;
    }
    return *value;
}

std::vector<std::string> Args::texts(const char* name, std::size_t max_count, std::size_t max_bytes) {
    const auto* value = find(name, true);
    std::vector<std::string> list;
    if (value == nullptr) return list;
    if (!value->is_array() || value->size() > max_count) {
        return mistake(name, "must be a list of at most " + std::to_string(max_count) + " strings"), list;
    }
    for (const auto& item : *value) {
        if (!item.is_string() || item.get_ref<const std::string&>().size() > max_bytes ||
            item.get_ref<const std::string&>().find('\0') != std::string::npos) {
            return mistake(name, "must hold strings of at most " + std::to_string(max_bytes) + " bytes without NUL"),
                   std::vector<std::string>{};
        }
        list.push_back(item.get<std::string>());
    }
    return list;
}

Status Args::finish() {
    if (failure_) return *failure_;
    for (const auto& [name, value] : object_.items()) {
        if (!known_.contains(name))
            return invalid("unknown_argument",
                           "\"" + where_ + printable(name) + "\" is not known here: check its spelling");
    }
    return {};
}

}  // namespace bh::ipc
