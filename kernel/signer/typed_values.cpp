#include "kernel/signer/typed_values.hpp"

#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/documents/json.hpp"
#include "plugin-api/formats/eip712.hpp"
#include "plugin-api/formats/rules.hpp"

#include <algorithm>

namespace bh::signer {

namespace {

using formats::Word;
using nlohmann::json;

Failure bad(const std::string& where, const char* rule) {
    return invalid("bad_typed_data", "typed data: " + where + " " + rule);
}

// The number behind "uint", "int" or "bytes"; 0 when there is none that the language knows.
unsigned width(std::string_view type, std::string_view base, unsigned step, unsigned max) {
    if (!type.starts_with(base)) return 0;
    const auto number = formats::parse_decimal(type.substr(base.size()), max);
    return number && *number % step == 0 ? static_cast<unsigned>(*number) : 0;
}

void negate(Word& word) {
    for (auto& byte : word) byte = static_cast<std::uint8_t>(~byte);
    for (std::size_t i = word.size(); i-- > 0;) {
        if (++word[i] != 0) break;
    }
}

// Whether `word` is below 2^bits.
bool below(const Word& word, unsigned bits) {
    for (std::size_t i = 0; i < word.size(); ++i) {
        const unsigned place = static_cast<unsigned>(8 * (word.size() - 1 - i));
        if (place >= bits && word[i] != 0) return false;
        if (place < bits && place + 8 > bits && (word[i] >> (bits - place)) != 0) return false;
    }
    return true;
}

Result<Word> encode_number(const json& value, unsigned bits, bool with_sign, const std::string& where) {
    std::string text = value.is_number_integer() ? value.dump() : value.is_string() ? value.get<std::string>() : "";
    const bool negative = with_sign && text.starts_with('-');
    if (negative) text.erase(0, 1);
    auto word = formats::word_of_decimal(text);
    if (!word || (negative && text == "0")) return bad(where, "must be a whole number, in decimal");
    if (!with_sign) {
        if (!below(*word, bits)) return bad(where, "does not fit its type");
        return word;
    }
    // -2^(bits-1) is the one magnitude that only a negative number reaches.
    Word magnitude = *word;
    if (negative) {
        negate(magnitude);  // two's complement
        Word less = magnitude;
        for (auto& byte : less) byte = static_cast<std::uint8_t>(~byte);  // |value| - 1
        if (!below(less, bits - 1)) return bad(where, "does not fit its type");
        return magnitude;
    }
    if (!below(magnitude, bits - 1)) return bad(where, "does not fit its type");
    return magnitude;
}

Result<Bytes> bytes_in(const json& value, const std::string& where) {
    if (!value.is_string() || !value.get_ref<const std::string&>().starts_with("0x"))
        return bad(where, "must be 0x-hex");
    auto bytes = crypto::parse_hex(value.get<std::string>());
    if (!bytes) return bad(where, "must be 0x-hex");
    return bytes;
}

}  // namespace

bool is_identifier(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; };
    return !text.empty() && text.size() <= 64 && letter(text[0]) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::optional<std::uint64_t> decimal_number(std::string_view text) { return formats::parse_decimal(text); }

bool is_atomic_type(std::string_view type) {
    return type == "address" || type == "bool" || type == "string" || type == "bytes" ||
           width(type, "bytes", 1, 32) != 0 || width(type, "uint", 8, 256) != 0 || width(type, "int", 8, 256) != 0;
}

Result<Word> encode_atomic(std::string_view type, const json& value, const std::string& where) {
    if (type == "string") {
        if (!value.is_string()) return bad(where, "must be text");
        return formats::word_of_text(value.get<std::string>());
    }
    if (type == "bool") {
        if (!value.is_boolean()) return bad(where, "must be true or false");
        return formats::word_of(std::uint64_t{value.get<bool>()});
    }
    if (type == "address") {
        const auto address = crypto::Address::parse(value.is_string() ? value.get<std::string>() : "");
        if (!address) return bad(where, "must be an address");
        return formats::word_of(*address);
    }
    if (const unsigned bits = width(type, "uint", 8, 256)) return encode_number(value, bits, false, where);
    if (const unsigned bits = width(type, "int", 8, 256)) return encode_number(value, bits, true, where);
    const unsigned size = width(type, "bytes", 1, 32);
    if (type != "bytes" && size == 0) return bad(where, "is of a type that types does not define");
    const auto bytes = bytes_in(value, where);
    if (!bytes) return bytes.failure();
    if (type == "bytes") return crypto::keccak256(*bytes);
    if (bytes->size() != size) return bad(where, "has not as many bytes as its type");
    Word word{};
    std::copy(bytes->begin(), bytes->end(), word.begin());
    return word;
}

}  // namespace bh::signer
