#include "plugin-api/documents/fields/common.hpp"

namespace bh {

Result<KeyPage> parse_key_page(std::string_view json) { return read_document<KeyPage>(json); }
std::string to_json(const KeyPage& value) { return write_document(value); }

Result<std::vector<Finding>> parse_findings(std::string_view json) {
    Result<FindingList> list = read_document<FindingList>(json);
    if (!list) return list.failure();
    return std::move(list->findings);
}
std::string to_json(const std::vector<Finding>& findings) { return write_document(FindingList{findings}); }

Result<Position> parse_position(std::string_view json) {
    if (json.empty()) return Position{};
    Result<Position> position = read_document<Position>(json);
    if (position && position->id.empty())
        return invalid("bad_document", "/id: must not be empty; the head is the empty text");
    return position;
}
std::string to_json(const Position& position) { return position.known() ? write_document(position) : std::string{}; }

}  // namespace bh
