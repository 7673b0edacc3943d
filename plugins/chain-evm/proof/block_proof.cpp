#include "plugins/chain-evm/proof/block_proof.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/proof/consensus.hpp"
#include "plugins/chain-evm/proof/trie.hpp"
#include "plugins/chain-evm/rpc/node_json.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

using nlohmann::json;

std::optional<std::vector<Bytes>> encode_all(const json& list, std::optional<Bytes> (*encode)(const json&)) {
    if (!list.is_array()) return std::nullopt;
    std::vector<Bytes> out;
    for (const json& item : list) {
        std::optional<Bytes> bytes = encode(item);
        if (!bytes) return std::nullopt;
        out.push_back(std::move(*bytes));
    }
    return out;
}

}  // namespace

std::optional<std::vector<Log>> proven_logs(const Header& header, const json& transactions, const json& receipts,
                                            std::span<const Address> addresses) {
    const auto raw = encode_all(transactions, transaction_bytes);
    if (!raw || list_root(*raw) != header.transactions_root) return std::nullopt;
    const auto results = encode_all(receipts, receipt_bytes);
    if (!results || results->size() != raw->size() || list_root(*results) != header.receipts_root) return std::nullopt;
    std::vector<Log> out;
    std::uint32_t index = 0;
    for (std::size_t i = 0; i < raw->size(); ++i) {
        const Hash tx{crypto::keccak256((*raw)[i])};
        for (const json& item : member(receipts[i], "logs")) {
            std::optional<Log> log = read_log(item);
            if (!log) return std::nullopt;
            // Where it stands is not in its receipt: it follows from the lists.
            log->block = header.number;
            log->block_hash = header.hash;
            log->tx = tx;
            log->index = index++;
            if (std::ranges::find(addresses, log->address) != addresses.end()) out.push_back(std::move(*log));
        }
    }
    return out;
}

}  // namespace bh::evm
