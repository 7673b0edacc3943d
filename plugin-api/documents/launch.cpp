#include "plugin-api/documents/fields/launch.hpp"

namespace bh {

Result<UnitSpec> parse_unit_spec(std::string_view json) { return read_document<UnitSpec>(json); }
std::string to_json(const UnitSpec& value) { return write_document(value); }

Result<Unit> parse_unit(std::string_view json) { return read_document<Unit>(json); }
std::string to_json(const Unit& value) { return write_document(value); }

Result<UnitPage> parse_unit_page(std::string_view json) { return read_document<UnitPage>(json); }
std::string to_json(const UnitPage& value) { return write_document(value); }

Result<RunRequest> parse_run_request(std::string_view json) { return read_document<RunRequest>(json); }
std::string to_json(const RunRequest& value) { return write_document(value); }

Result<RunResult> parse_run_result(std::string_view json) { return read_document<RunResult>(json); }
std::string to_json(const RunResult& value) { return write_document(value); }

}  // namespace bh
