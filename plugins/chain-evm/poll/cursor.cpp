#include "plugins/chain-evm/poll/cursor.hpp"

#include "plugin-api/documents/strict_json.hpp"

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kMaxBranch = 1024;

json write(const Mark& mark) { return json::array({mark.height, mark.time, crypto::hex(mark.hash.bytes)}); }

std::optional<Mark> read(const json& node) {
    if (!node.is_array() || node.size() != 3 || !node[0].is_number_unsigned() || !node[1].is_number_integer() ||
        !node[2].is_string()) {
        return std::nullopt;
    }
    const auto hash = Hash::parse("0x" + node[2].get<std::string>());
    if (!hash) return std::nullopt;
    return Mark{node[0].get<std::uint64_t>(), *hash, node[1].get<std::int64_t>()};
}

Failure damaged(std::string_view what) {
    return {BH_E_CORRUPT, "bad_cursor",
            "the stored cursor can't be used: " + std::string{what} +
                "; restore the journal, or start over with `blockhost recover`",
            0};
}

// Reads an optional mark; false when it is there and damaged.
bool read_optional(const json& node, const char* name, std::optional<Mark>& out) {
    const auto found = node.find(name);
    if (found == node.end()) return true;
    out = read(*found);
    return out.has_value();
}

bool read_part(const json& node, std::optional<Cursor::Part>& out) {
    const auto found = node.find("part");
    if (found == node.end()) return true;
    if (!found->is_array() || found->size() != 2 || !(*found)[1].is_number_unsigned()) return false;
    const auto mark = read((*found)[0]);
    const auto reported = (*found)[1].get<std::uint64_t>();
    if (!mark || reported > UINT32_MAX) return false;
    out = Cursor::Part{*mark, static_cast<std::uint32_t>(reported)};
    return true;
}

bool read_branch(const json& node, std::vector<Mark>& out) {
    const auto found = node.find("branch");
    if (found == node.end() || !found->is_array() || found->empty() || found->size() > kMaxBranch) return false;
    for (const json& item : *found) {
        const auto mark = read(item);
        if (!mark || (!out.empty() && mark->height <= out.back().height)) return false;
        out.push_back(*mark);
    }
    return true;
}

}  // namespace

Result<Cursor> parse_cursor(std::string_view text, std::uint64_t chain_id, const Address& contract) {
    Cursor out;
    out.chain_id = chain_id;
    out.contract = contract;
    if (text.empty()) return out;
    const Result<json> node = read_strict_json(text);
    if (!node || !node->is_object() || node->value("v", json{}) != json(kVersion)) return damaged("it is not a cursor");
    if (node->value("chain", json{}) != json(chain_id) || node->value("contract", json{}) != json(contract.text())) {
        return damaged("it belongs to another chain or contract");
    }
    if (!read_optional(*node, "scanned", out.scanned) || !read_optional(*node, "safe", out.safe) ||
        !read_optional(*node, "finalized", out.finalized) || !read_part(*node, out.part) ||
        !read_branch(*node, out.branch)) {
        return damaged("it is damaged");
    }
    return out;
}

std::string cursor_text(const Cursor& cursor) {
    json node{{"v", kVersion}, {"chain", cursor.chain_id}, {"contract", cursor.contract.text()}};
    if (cursor.scanned) node["scanned"] = write(*cursor.scanned);
    if (cursor.safe) node["safe"] = write(*cursor.safe);
    if (cursor.finalized) node["finalized"] = write(*cursor.finalized);
    if (cursor.part) node["part"] = json::array({write(cursor.part->block), cursor.part->reported});
    json& branch = node["branch"] = json::array();
    for (const Mark& mark : cursor.branch) branch.push_back(write(mark));
    return node.dump();
}

}  // namespace bh::evm
