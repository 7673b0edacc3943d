#include "plugins/chain-evm/proof/trie.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/tx/rlp.hpp"

#include <algorithm>
#include <vector>

namespace bh::evm {
namespace {

constexpr std::size_t kHashSize = 32;

using Nibbles = std::vector<std::uint8_t>;
struct Entry {
    Nibbles path;
    const Bytes* item = nullptr;
};

Nibbles path_of(std::size_t index) {
    Nibbles out;
    const Bytes number = RlpList{}.uint(index).finish();
    for (const std::uint8_t byte : ByteView{number}.subspan(1)) {  // without the list around it
        out.push_back(byte >> 4);
        out.push_back(byte & 0x0f);
    }
    return out;
}

// Nibbles as bytes, with whether they are the path's end and whether their number is odd.
Bytes compact(std::span<const std::uint8_t> nibbles, bool leaf) {
    const bool odd = nibbles.size() % 2 == 1;
    Bytes out{static_cast<std::uint8_t>((leaf ? 0x20 : 0) | (odd ? 0x10 | nibbles[0] : 0))};
    for (std::size_t i = odd ? 1 : 0; i < nibbles.size(); i += 2) {
        out.push_back(static_cast<std::uint8_t>(nibbles[i] << 4 | nibbles[i + 1]));
    }
    return out;
}

// How a node stands in the node above: itself when it is small, else its hash.
Bytes reference(Bytes node) {
    if (node.size() < kHashSize) return node;
    return rlp_string(crypto::keccak256(node));
}

// The node over `entries`, sorted by path, whose first `depth` nibbles are the same. RLP makes no number the beginning
// of another, so that no path ends inside another.
Bytes node_over(std::span<const Entry> entries, std::size_t depth) {
    const Nibbles& first = entries.front().path;
    if (entries.size() == 1) {
        return RlpList{}.bytes(compact(std::span{first}.subspan(depth), true)).bytes(*entries.front().item).finish();
    }
    const auto fork = std::ranges::mismatch(first, entries.back().path).in1;
    const auto end = static_cast<std::size_t>(fork - first.begin());
    if (end > depth) {
        const Bytes below = reference(node_over(entries, end));
        return RlpList{}.bytes(compact(std::span{first}.subspan(depth, end - depth), false)).encoded(below).finish();
    }
    RlpList branch;
    std::size_t at = 0;
    for (std::uint8_t nibble = 0; nibble < 16; ++nibble) {
        const std::size_t begin = at;
        while (at < entries.size() && entries[at].path[depth] == nibble) ++at;
        if (begin == at) {
            branch.bytes({});
        } else {
            branch.encoded(reference(node_over(entries.subspan(begin, at - begin), depth + 1)));
        }
    }
    return branch.bytes({}).finish();
}

}  // namespace

Hash list_root(std::span<const Bytes> items) {
    if (items.empty()) return {crypto::keccak256(rlp_string({}))};
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < items.size(); ++i) entries.push_back({path_of(i), &items[i]});
    std::ranges::sort(entries, {}, &Entry::path);
    return {crypto::keccak256(node_over(entries, 0))};
}

}  // namespace bh::evm
