#include "kernel/config/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

namespace bh {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr int kMaxDepth = 16;

struct Refused {
    YAML::Mark mark;
    std::string what;
};

nlohmann::json scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return text;  // quoted
    if (text == "true") return true;
    if (text == "false") return false;
    if (text == "null" || text == "~" || text.empty()) return nullptr;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) return number;
    return text;
}

nlohmann::json convert(const YAML::Node& node, int depth) {
    if (depth > kMaxDepth) throw Refused{node.Mark(), "is nested deeper than 16"};
    switch (node.Type()) {
        case YAML::NodeType::Scalar:
            return scalar(node);
        case YAML::NodeType::Sequence: {
            auto list = nlohmann::json::array();
            for (const auto& item : node) list.push_back(convert(item, depth + 1));
            return list;
        }
        case YAML::NodeType::Map: {
            auto object = nlohmann::json::object();
            for (const auto& item : node) {
                if (!item.first.IsScalar()) throw Refused{item.first.Mark(), "has a key that is no text"};
                const std::string& key = item.first.Scalar();
                if (object.contains(key)) throw Refused{item.first.Mark(), "has the key \"" + key + "\" twice"};
                object[key] = convert(item.second, depth + 1);
            }
            return object;
        }
        default:
            return nullptr;
    }
}

Failure refused(const std::string& name, const YAML::Mark& mark, const std::string& what) {
    const std::string line = mark.line >= 0 ? ", line " + std::to_string(mark.line + 1) : std::string{};
    return invalid("bad_yaml", name + line + ": " + what);
}

// yaml-cpp resolves aliases silently; a small file with nested ones could grow without end.
bool has_alias(const std::string& text) {
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        const auto start = line.find_first_not_of(" -");
        if (start == std::string::npos || line[start] == '#') continue;
        const auto value = line.find(": ");
        const auto at = value == std::string::npos ? start : line.find_first_not_of(' ', value + 2);
        if (at != std::string::npos && (line[at] == '&' || line[at] == '*')) return true;
    }
    return false;
}

}  // namespace

Result<nlohmann::json> parse_yaml(const std::string& text, const std::string& name) {
    if (text.size() > kMaxBytes) return invalid("bad_yaml", name + " is larger than 1 MiB");
    if (has_alias(text))
        return invalid("bad_yaml", name + ": anchors and aliases are not allowed: write the value out");
    try {
        const auto documents = YAML::LoadAll(text);
        if (documents.size() > 1) return invalid("bad_yaml", name + ": holds more than one document");
        if (documents.empty() || documents[0].IsNull()) return nlohmann::json::object();
        return convert(documents[0], 0);
    } catch (const Refused& refusal) {
        return refused(name, refusal.mark, refusal.what);
    } catch (const YAML::Exception& error) {
        return refused(name, error.mark, "is not valid YAML: " + error.msg);
    }
}

Result<nlohmann::json> read_yaml(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return invalid("no_file", "cannot read " + path + ": " + std::strerror(errno));
    std::string text(kMaxBytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return parse_yaml(text, path);
}

}  // namespace bh
