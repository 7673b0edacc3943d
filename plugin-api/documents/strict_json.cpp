#include "plugin-api/documents/strict_json.hpp"

#include <vector>

namespace bh {
namespace {

using nlohmann::json;

// Builds the value from the parser's events, so that it knows where it is and which keys were there.
class Builder final : public nlohmann::json_sax<json> {
public:
    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(std::int64_t value) override { return add(value); }
    bool number_unsigned(std::uint64_t value) override { return add(value); }
    bool number_float(double value, const std::string&) override { return add(value); }
    bool binary(json::binary_t&) override { return refuse("is not JSON"); }
    bool string(std::string& value) override {
        if (value.find('\0') != std::string::npos) return refuse("holds a NUL character");
        return add(std::move(value));
    }
    bool start_object(std::size_t) override { return open(json::value_t::object); }
    bool start_array(std::size_t) override { return open(json::value_t::array); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(std::string& name) override {
        Level& level = levels_.back();
        level.key = name;
        if (name.find('\0') != std::string::npos) return refuse("holds a NUL character");
        const auto [place, fresh] = level.node->get_ref<json::object_t&>().try_emplace(std::move(name));
        level.value = &place->second;
        return fresh || refuse("is there twice; keep one");
    }
    bool parse_error(std::size_t position, const std::string&, const json::exception& error) override {
        // What the parser read may be anything, so only the place is repeated.
        constexpr int kOutOfRange = 406;
        message_ = error.id == kOutOfRange
                       ? "the document holds a number that is out of range"
                       : "the document is not valid JSON in UTF-8 at byte " + std::to_string(position);
        return false;
    }

    json root;
    [[nodiscard]] std::string&& message() { return std::move(message_); }

private:
    struct Level {
        json* node;             // an object or an array
        json* value = nullptr;  // of the object's newest key
        std::string key;
    };

    json* place() {
        if (levels_.empty()) return &root;
        Level& level = levels_.back();
        return level.node->is_object() ? level.value : &level.node->emplace_back(nullptr);
    }
    template <class T>
    bool add(T&& value) {
        *place() = std::forward<T>(value);
        return true;
    }
    bool open(json::value_t type) {
        if (levels_.size() >= static_cast<std::size_t>(kMaxDocumentDepth)) {
            return refuse("is nested deeper than " + std::to_string(kMaxDocumentDepth));
        }
        json* node = place();
        *node = json(type);
        levels_.push_back({node, nullptr, {}});
        return true;
    }
    bool close() {
        levels_.pop_back();
        return true;
    }
    bool refuse(const std::string& what) {
        std::string pointer;
        for (const Level& level : levels_) {
            // Of an array: its newest item, which holds the next level, or the one that is refused.
            const bool last = &level == &levels_.back();
            const auto item = [&] { return std::to_string(level.node->size() - (last ? 0 : 1)); };
            pointer += "/" + (level.node->is_object() ? pointer_token(level.key) : item());
        }
        message_ = (pointer.empty() ? "the document" : pointer + ":") + " " + what;
        return false;
    }

    std::vector<Level> levels_;
    std::string message_;
};

}  // namespace

std::string pointer_token(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c == '\0' ? '?' : c;
        }
    }
    return out;
}

Result<json> read_strict_json(std::string_view text) {
    if (text.size() > kMaxDocumentBytes) return invalid("bad_document", "the document is larger than 1 MiB");
    if (text.starts_with("\xEF\xBB\xBF")) return invalid("bad_document", "the document starts with a byte order mark");
    // nlohmann's parser takes a raw NUL for the end of its input.
    if (text.find('\0') != std::string_view::npos) return invalid("bad_document", "the document holds a NUL byte");
    Builder builder;
    if (!json::sax_parse(text.begin(), text.end(), &builder)) return invalid("bad_document", builder.message());
    return std::move(builder.root);
}

}  // namespace bh
