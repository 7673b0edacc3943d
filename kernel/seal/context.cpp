#include "kernel/seal/context.hpp"

#include "plugin-api/formats/rules.hpp"

#include <initializer_list>

namespace bh::seal {

namespace {

using crypto::bytes_of;

struct Field {
    std::string_view name;
    Bytes bytes;
};

// ADDR() of the format: the bytes of 0x-hex, else the text.
Bytes address_bytes(std::string_view address) {
    if (address.starts_with("0x") && address.size() > 2) {
        if (auto bytes = crypto::parse_hex(address)) return std::move(*bytes);
    }
    return crypto::to_bytes(bytes_of(address));
}

Bytes text_bytes(std::string_view text) { return crypto::to_bytes(bytes_of(text)); }

Result<Bytes> join(std::string_view label, std::initializer_list<Field> fields) {
    Bytes data = text_bytes(label);
    data.push_back(0);
    for (const Field& field : fields) {
        if (field.bytes.empty() || field.bytes.size() > 255) {
            return invalid("bad_context", "seal: " + std::string{field.name} + " must have 1 to 255 bytes");
        }
        data.push_back(static_cast<std::uint8_t>(field.bytes.size()));
        crypto::append(data, field.bytes);
    }
    return data;
}

}  // namespace

Result<Bytes> associated_data(const RequestContext& context) {
    return join(kRequestLabel, {{"chain", text_bytes(context.chain)},
                                {"contract", address_bytes(context.contract)},
                                {"buyer", address_bytes(context.buyer)}});
}

Result<Bytes> associated_data(const CredentialContext& context) {
    if (!formats::is_decimal(context.subscription)) {
        return invalid("bad_context", "seal: subscription must be a decimal number without leading zeros");
    }
    return join(kCredentialLabel, {{"chain", text_bytes(context.chain)},
                                   {"contract", address_bytes(context.contract)},
                                   {"subscription", text_bytes(context.subscription)},
                                   {"owner", address_bytes(context.owner)}});
}

}  // namespace bh::seal
