#include "plugin-api/documents/fields/ipv6.hpp"

namespace bh {

Result<Ipv6Description> parse_ipv6_description(std::string_view json) { return read_document<Ipv6Description>(json); }
std::string to_json(const Ipv6Description& value) { return write_document(value); }

Result<DelegationRequest> parse_delegation_request(std::string_view json) {
    return read_document<DelegationRequest>(json);
}
std::string to_json(const DelegationRequest& value) { return write_document(value); }

Result<Delegation> parse_delegation(std::string_view json) { return read_document<Delegation>(json); }
std::string to_json(const Delegation& value) { return write_document(value); }

Result<DelegationPage> parse_delegation_page(std::string_view json) { return read_document<DelegationPage>(json); }
std::string to_json(const DelegationPage& value) { return write_document(value); }

}  // namespace bh
