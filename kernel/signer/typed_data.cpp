#include "kernel/signer/typed_data.hpp"

#include "kernel/signer/typed_values.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/strict_json.hpp"
#include "plugin-api/formats/eip712.hpp"

#include <map>
#include <set>

namespace bh::signer {

namespace {

using formats::Word;
using nlohmann::json;

constexpr int kMaxDepth = 8;
constexpr std::size_t kMaxTypes = 32;
constexpr std::size_t kMaxMembers = 32;
constexpr std::size_t kMaxItems = 256;

struct Member {
    std::string name, type;
};
using Types = std::map<std::string, std::vector<Member>, std::less<>>;

Failure bad(std::string_view where, std::string_view rule) {
    return invalid("bad_typed_data", "typed data: " + std::string{where} + " " + std::string{rule});
}

// "Person[2][]" -> "Person[2]" and "2]"; false for what is no array.
bool split_array(std::string_view type, std::string_view& item, std::string_view& count) {
    if (!type.ends_with(']')) return false;
    const std::size_t open = type.rfind('[');
    if (open == std::string_view::npos) return false;
    item = type.substr(0, open);
    count = type.substr(open + 1, type.size() - open - 2);
    return true;
}

Result<Types> read_types(const json& object) {
    if (!object.is_object() || object.size() > kMaxTypes) return bad("types", "must be an object of at most 32 types");
    Types types;
    for (const auto& [name, members] : object.items()) {
        if (!is_identifier(name)) return bad("types", "has a type whose name is no identifier");
        if (!members.is_array() || members.size() > kMaxMembers)
            return bad("types." + name, "must be a list of members");
        auto& list = types[name];
        std::set<std::string> names;
        for (const json& member : members) {
            if (!member.is_object() || member.size() != 2 || !member.contains("name") || !member["name"].is_string() ||
                !member.contains("type") || !member["type"].is_string()) {
                return bad("types." + name, "must hold objects of name and type");
            }
            list.push_back({member["name"].get<std::string>(), member["type"].get<std::string>()});
            if (!is_identifier(list.back().name) || !names.insert(list.back().name).second) {
                return bad("types." + name, "has a member name that is no identifier, or is there twice");
            }
        }
    }
    return types;
}

// The names of the struct types that `type` reaches, itself included.
Status collect(const Types& types, std::string_view type, std::set<std::string>& reached) {
    std::string_view item;
    std::string_view count;
    while (split_array(type, item, count)) type = item;
    const auto found = types.find(type);
    if (found == types.end()) {
        return is_atomic_type(type) ? Status{} : bad("types", "does not define " + std::string{type.substr(0, 64)});
    }
    if (!reached.insert(found->first).second) return {};
    for (const Member& member : found->second) {
        if (auto fine = collect(types, member.type, reached); !fine) return fine.failure();
    }
    return {};
}

Result<Word> type_hash(const Types& types, const std::string& type) {
    std::set<std::string> reached;
    if (auto fine = collect(types, type, reached); !fine) return fine.failure();
    reached.erase(type);
    std::string text;
    const auto describe = [&](const std::string& name) {
        text += name + '(';
        bool first = true;
        for (const Member& member : types.find(name)->second) {
            if (!first) text += ',';
            first = false;
            text += member.type + ' ' + member.name;
        }
        text += ')';
    };
    describe(type);
    for (const std::string& other : reached) describe(other);
    return formats::word_of_text(text);
}

Result<Word> hash_struct(const Types& types, const std::string& type, const json& value, const std::string& where,
                         int depth);

Result<Word> encode(const Types& types, std::string_view type, const json& value, const std::string& where, int depth) {
    if (depth > kMaxDepth) return bad(where, "is nested deeper than 8");
    std::string_view item;
    std::string_view count;
    if (split_array(type, item, count)) {
        if (!value.is_array() || value.size() > kMaxItems) return bad(where, "must be a list of at most 256 items");
        if (!count.empty() && count != std::to_string(value.size()))
            return bad(where, "has not as many items as its type");
        Bytes words;
        for (std::size_t i = 0; i < value.size(); ++i) {
            const auto word = encode(types, item, value[i], where + "[" + std::to_string(i) + "]", depth + 1);
            if (!word) return word.failure();
            crypto::append(words, *word);
        }
        return crypto::keccak256(words);
    }
    if (types.contains(type)) return hash_struct(types, std::string{type}, value, where, depth + 1);
    return encode_atomic(type, value, where);
}

Result<Word> hash_struct(const Types& types, const std::string& type, const json& value, const std::string& where,
                         int depth) {
    if (!value.is_object()) return bad(where, "must be an object");
    const auto found = types.find(type);
    if (found == types.end()) return bad(where, "is of a type that types does not define");
    const auto hash = type_hash(types, type);
    if (!hash) return hash.failure();
    Bytes words = crypto::to_bytes(*hash);
    for (const Member& member : found->second) {
        const std::string path = where + "." + member.name;
        const auto content = value.find(member.name);
        if (content == value.end()) return bad(path, "is missing");
        const auto word = encode(types, member.type, *content, path, depth + 1);
        if (!word) return word.failure();
        crypto::append(words, *word);
    }
    if (value.size() != found->second.size()) return bad(where, "has members that its type does not name");
    return crypto::keccak256(words);
}

Status read_domain(const json& domain, TypedData& data) {
    if (!domain.is_object() || domain.size() != 4 || !domain.contains("name") || !domain["name"].is_string() ||
        !domain.contains("version") || !domain["version"].is_string() || !domain.contains("chainId") ||
        !domain.contains("verifyingContract") || !domain["verifyingContract"].is_string()) {
        return bad("domain", "must have exactly name, version, chainId and verifyingContract");
    }
    data.name = domain["name"].get<std::string>();
    data.version = domain["version"].get<std::string>();
    const json& id = domain["chainId"];
    const auto number = id.is_number_unsigned() ? std::optional{id.get<std::uint64_t>()}
                        : id.is_string()        ? decimal_number(id.get<std::string>())
                                                : std::nullopt;
    if (!number) return bad("domain.chainId", "must be a decimal number below 2^64");
    data.chain_id = *number;
    const auto contract = crypto::Address::parse(domain["verifyingContract"].get<std::string>());
    if (!contract) return bad("domain.verifyingContract", "must be an address");
    data.verifying_contract = *contract;
    return {};
}

// What wallets send along for the domain; if it is there it must be the one that is hashed.
Status check_domain_type(const Types& types) {
    static const std::vector<std::pair<std::string, std::string>> kDomain = {
        {"name", "string"}, {"version", "string"}, {"chainId", "uint256"}, {"verifyingContract", "address"}};
    const auto found = types.find("EIP712Domain");
    if (found == types.end()) return {};
    bool same = found->second.size() == kDomain.size();
    for (std::size_t i = 0; same && i < kDomain.size(); ++i) {
        same = found->second[i].name == kDomain[i].first && found->second[i].type == kDomain[i].second;
    }
    if (!same) return bad("types.EIP712Domain", "must be name, version, chainId, verifyingContract");
    return {};
}

}  // namespace

Result<TypedData> decode_typed_data(crypto::ByteView payload) {
    if (payload.size() > kMaxTypedData) return bad("the text", "is longer than 64 KiB");
    const auto parsed = read_strict_json(crypto::text_of(payload));
    if (!parsed) return bad("the text", parsed.failure().message);
    const json& whole = *parsed;
    if (!whole.is_object() || whole.size() != 4 || !whole.contains("types") || !whole.contains("primaryType") ||
        !whole["primaryType"].is_string() || !whole.contains("domain") || !whole.contains("message")) {
        return bad("the text", "must have exactly types, primaryType, domain and message");
    }
    TypedData data;
    const auto types = read_types(whole["types"]);
    if (!types) return types.failure();
    if (auto fine = check_domain_type(*types); !fine) return fine.failure();
    if (auto fine = read_domain(whole["domain"], data); !fine) return fine.failure();
    data.primary_type = whole["primaryType"].get<std::string>();
    if (data.primary_type == "EIP712Domain") return bad("primaryType", "must not be the domain");
    const auto content = hash_struct(*types, data.primary_type, whole["message"], "message", 0);
    if (!content) return content.failure();
    data.digest = formats::typed_data_digest(
        formats::domain_separator(data.name, data.version, data.chain_id, data.verifying_contract), *content);
    return data;
}

}  // namespace bh::signer
