#include "plugin-api/documents/fields/contract.hpp"

namespace bh {

Result<ChainRead> parse_chain_read(std::string_view json) { return read_document<ChainRead>(json); }
std::string to_json(const ChainRead& value) { return write_document(value); }

Result<ChainValue> parse_chain_value(std::string_view json) { return read_document<ChainValue>(json); }
std::string to_json(const ChainValue& value) { return write_document(value); }

Result<ContractCall> parse_contract_call(std::string_view json) { return read_document<ContractCall>(json); }
std::string to_json(const ContractCall& value) { return write_document(value); }

Result<ChainFilter> parse_chain_filter(std::string_view json) { return read_document<ChainFilter>(json); }
std::string to_json(const ChainFilter& value) { return write_document(value); }

Result<ChainLogs> parse_chain_logs(std::string_view json) { return read_document<ChainLogs>(json); }
std::string to_json(const ChainLogs& value) { return write_document(value); }

}  // namespace bh
