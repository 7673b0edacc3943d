#include "plugin-api/documents/fields/chain.hpp"

namespace bh {

Result<ChainDescription> parse_chain_description(std::string_view json) {
    return read_document<ChainDescription>(json);
}
std::string to_json(const ChainDescription& value) { return write_document(value); }

Result<ChainEvent> parse_chain_event(std::string_view json) { return read_document<ChainEvent>(json); }
std::string to_json(const ChainEvent& value) { return write_document(value); }

Result<ChainEvents> parse_chain_events(std::string_view json) { return read_document<ChainEvents>(json); }
std::string to_json(const ChainEvents& value) { return write_document(value); }

Result<Intent> parse_intent(std::string_view json) { return read_document<Intent>(json); }
std::string to_json(const Intent& value) { return write_document(value); }

Result<Receipt> parse_receipt(std::string_view json) { return read_document<Receipt>(json); }
std::string to_json(const Receipt& value) { return write_document(value); }

Result<SubscriptionState> parse_subscription_state(std::string_view json) {
    return read_document<SubscriptionState>(json);
}
std::string to_json(const SubscriptionState& value) { return write_document(value); }

Result<OwnerAnswer> parse_owner(std::string_view json) { return read_document<OwnerAnswer>(json); }
std::string to_json(const OwnerAnswer& value) { return write_document(value); }

Result<Balances> parse_balances(std::string_view json) { return read_document<Balances>(json); }
std::string to_json(const Balances& value) { return write_document(value); }

Result<Verification> parse_verification(std::string_view json) { return read_document<Verification>(json); }
std::string to_json(const Verification& value) { return write_document(value); }

}  // namespace bh
