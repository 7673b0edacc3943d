#include "plugins/chain-evm/legacy/index.hpp"

#include "plugins/chain-evm/contract/calls.hpp"

#include <algorithm>

namespace bh::evm::legacy {
namespace {

// KIND/ID/HEIGHT-HASH; a key has at most 128 characters, an id up to 78.
const std::string kPurchases = "legacy/p/", kMints = "legacy/m/", kTokens = "legacy/t/";
constexpr std::size_t kHashDigits = 16;

std::string key_of(const std::string& kind, const std::string& id, const Place& place) {
    return kind + id + "/" + std::to_string(place.height) + "-" + place.hash;
}

Failure damaged() {
    return {BH_E_CORRUPT, "bad_index", "what was kept about a purchase is damaged; restore the journal", 0};
}

std::optional<Place> read_place(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto height = Uint256::from_decimal(text.substr(0, std::min(dash, text.size())));
    if (dash == std::string_view::npos || !height || !height->as_u64()) return std::nullopt;
    return Place{*height->as_u64(), std::string{text.substr(dash + 1)}};
}

std::optional<Purchase> read_entry(Place place, const Bytes& value, const Purchase*) {
    Purchase out{std::move(place), {}, {}};
    if (value.size() != kOrderBytes + out.buyer.bytes.size()) return std::nullopt;
    out.order = crypto::hex0x(crypto::ByteView{value}.first(kOrderBytes));
    std::copy(value.begin() + kOrderBytes, value.end(), out.buyer.bytes.begin());
    return out;
}
std::optional<Mint> read_entry(Place place, const Bytes& value, const Mint*) {
    if (value.size() <= kOrderBytes) return std::nullopt;
    return Mint{std::move(place),
                crypto::hex0x(crypto::ByteView{value}.first(kOrderBytes)),
                {value.begin() + kOrderBytes, value.end()}};
}
std::optional<Token> read_entry(Place place, const Bytes& value, const Token*) {
    return Token{std::move(place), {value.begin(), value.end()}};
}

template <class T>
Result<std::vector<T>> read(const Services& services, const std::string& kind, const std::string& id) {
    const std::string prefix = kind + id + "/";
    const Result<std::vector<std::string>> keys = services.keys(prefix);
    if (!keys) return keys.failure();
    std::vector<T> out;
    for (const std::string& key : *keys) {
        const Result<std::optional<Bytes>> value = services.get(key);
        if (!value) return value.failure();
        const std::optional<Place> place = read_place(std::string_view{key}.substr(prefix.size()));
        if (!place || !*value) return damaged();
        std::optional<T> entry = read_entry(*place, **value, static_cast<const T*>(nullptr));
        if (!entry) return damaged();
        out.push_back(std::move(*entry));
    }
    return out;
}

// The order's 16 bytes, and more.
Result<Bytes> with_order(const std::string& order, crypto::ByteView more) {
    const Result<Hash> hash = parse_order(order);
    if (!hash) return hash.failure();
    Bytes out{hash->bytes.begin(), hash->bytes.begin() + kOrderBytes};
    crypto::append(out, more);
    return out;
}

Bytes bytes_of(std::string_view text) { return crypto::to_bytes(crypto::bytes_of(text)); }

template <class T>
Result<std::optional<T>> first_on_branch(Node& node, const std::vector<T>& entries, const At& at) {
    std::vector<const T*> candidates;
    std::vector<std::uint64_t> heights;
    for (const T& entry : entries) {
        if (entry.place.height > at.height) continue;
        candidates.push_back(&entry);
        heights.push_back(entry.place.height);
    }
    if (candidates.empty()) return std::optional<T>{};
    const Result<std::vector<std::optional<Header>>> headers = node.headers(heights);
    if (!headers) return headers.failure();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const std::optional<Header>& header = (*headers)[i];
        if (header && Place::of(header->number, header->hash) == candidates[i]->place) {
            return std::optional{*candidates[i]};
        }
    }
    return std::optional<T>{};
}

}  // namespace

Place Place::of(std::uint64_t height, const Hash& hash) { return {height, hash.text().substr(2, kHashDigits)}; }

Status Index::add(const std::string& subscription, const Purchase& purchase) const {
    const Result<Bytes> value = with_order(purchase.order, purchase.buyer.bytes);
    if (!value) return value.failure();
    return services_.put({{key_of(kPurchases, subscription, purchase.place), *value}});
}

Status Index::add(const std::string& subscription, const Mint& mint) const {
    const Result<Bytes> value = with_order(mint.order, crypto::bytes_of(mint.credential));
    if (!value) return value.failure();
    return services_.put({{key_of(kMints, subscription, mint.place), *value},
                          {key_of(kTokens, mint.credential, mint.place), bytes_of(subscription)}});
}

Result<std::vector<Purchase>> Index::purchases(const std::string& subscription) const {
    return read<Purchase>(services_, kPurchases, subscription);
}
Result<std::vector<Mint>> Index::mints(const std::string& subscription) const {
    return read<Mint>(services_, kMints, subscription);
}
Result<std::vector<Token>> Index::tokens(const std::string& credential) const {
    return read<Token>(services_, kTokens, credential);
}

Result<std::optional<Purchase>> on_branch(Node& node, const std::vector<Purchase>& entries, const At& at) {
    return first_on_branch(node, entries, at);
}
Result<std::optional<Mint>> on_branch(Node& node, const std::vector<Mint>& entries, const At& at) {
    return first_on_branch(node, entries, at);
}
Result<std::optional<Token>> on_branch(Node& node, const std::vector<Token>& entries, const At& at) {
    return first_on_branch(node, entries, at);
}

}  // namespace bh::evm::legacy
