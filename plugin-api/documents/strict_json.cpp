#include "plugin-api/documents/strict_json.hpp"

#include <set>
#include <vector>

namespace bh {
namespace {

using nlohmann::json;

// Thrown through nlohmann's parser and caught below.
struct Violation {
    std::string message;
};

// Follows the parser's events to know where it is and which keys were seen.
class Watcher {
public:
    bool operator()(int depth, json::parse_event_t event, json& value) {
        switch (event) {
            case json::parse_event_t::object_start:
                open(depth, true);
                break;
            case json::parse_event_t::array_start:
                open(depth, false);
                break;
            case json::parse_event_t::object_end:
            case json::parse_event_t::array_end:
                levels_.pop_back();
                advance();
                break;
            case json::parse_event_t::key:
                key(value.get_ref<const std::string&>());
                break;
            case json::parse_event_t::value:
                if (value.is_string()) refuse_nul(value.get_ref<const std::string&>());
                advance();
                break;
        }
        return true;
    }

private:
    struct Level {
        bool object;
        std::size_t index = 0;
        std::string key;
        std::set<std::string, std::less<>> keys;
    };

    void open(int depth, bool object) {
        if (depth >= kMaxDocumentDepth) refuse("is nested deeper than " + std::to_string(kMaxDocumentDepth));
        levels_.push_back({object, 0, {}, {}});
    }
    void advance() {
        if (!levels_.empty() && !levels_.back().object) ++levels_.back().index;
    }
    void key(const std::string& name) {
        levels_.back().key = name;
        refuse_nul(name);
        if (!levels_.back().keys.insert(name).second) refuse("is there twice; keep one");
    }
    void refuse_nul(const std::string& text) const {
        if (text.find('\0') != std::string::npos) refuse("holds a NUL character");
    }
    [[noreturn]] void refuse(const std::string& what) const {
        std::string pointer;
        for (const Level& level : levels_)
            pointer += "/" + (level.object ? pointer_token(level.key) : std::to_string(level.index));
        throw Violation{(pointer.empty() ? "the document" : pointer + ":") + " " + what};
    }
    std::vector<Level> levels_;
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
    try {
        Watcher watcher;
        return json::parse(text.begin(), text.end(), [&](int depth, json::parse_event_t event, json& value) {
            return watcher(depth, event, value);
        });
    } catch (const Violation& violation) {
        return invalid("bad_document", violation.message);
    } catch (const json::parse_error& error) {
        // What the parser read may be anything, so only the place is repeated.
        return invalid("bad_document", "the document is not valid JSON in UTF-8 at byte " + std::to_string(error.byte));
    } catch (const json::exception&) {
        return invalid("bad_document", "the document holds a number that is out of range");
    }
}

}  // namespace bh
