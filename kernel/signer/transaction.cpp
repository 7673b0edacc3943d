#include "kernel/signer/transaction.hpp"

#include "kernel/signer/rlp.hpp"

#include <algorithm>

namespace bh::signer {

namespace {

constexpr std::uint8_t kType = 2;
constexpr std::size_t kAddressSize = 20;
constexpr std::size_t kWordSize = 32;

Failure bad(const char* what) { return invalid("bad_transaction", std::string{"the transaction "} + what); }

// [[address, [key, ...]], ...]: checked for its form and counted.
Result<std::size_t> count_access_list(RlpReader list) {
    std::size_t entries = 0;
    for (; !list.empty(); ++entries) {
        auto entry = list.list();
        if (!entry) return entry.failure();
        const auto address = entry->text();
        if (!address) return address.failure();
        auto keys = entry->list();
        if (!keys) return keys.failure();
        if (address->size() != kAddressSize || !entry->empty()) return bad("has an access list entry of another form");
        while (!keys->empty()) {
            const auto key = keys->text();
            if (!key) return key.failure();
            if (key->size() != kWordSize) return bad("has an access list key that is not 32 bytes");
        }
    }
    return entries;
}

}  // namespace

std::string decimal(Wei amount) {
    std::string digits;
    do {
        digits.push_back(static_cast<char>('0' + static_cast<int>(amount % 10)));
        amount /= 10;
    } while (amount != 0);
    std::reverse(digits.begin(), digits.end());
    return digits;
}

std::optional<Wei> parse_wei(std::string_view text) {
    if (text.empty() || text.size() > 39 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
    Wei amount = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        const Wei next = amount * 10 + static_cast<Wei>(c - '0');
        if (next / 10 != amount) return std::nullopt;
        amount = next;
    }
    return amount;
}

Result<Transaction> decode_transaction(crypto::ByteView payload) {
    if (payload.size() > kMaxTransaction) return bad("is longer than 32 KiB");
    if (payload.empty() || payload[0] != kType)
        return bad("does not begin with 02; send an unsigned EIP-1559 transaction");
    RlpReader whole{payload.subspan(1)};
    auto list = whole.list();
    if (!list) return list.failure();
    if (!whole.empty()) return bad("has bytes behind its end");

    Transaction tx;
    for (std::uint64_t* field : {&tx.chain_id, &tx.nonce, &tx.max_priority_fee, &tx.max_fee, &tx.gas}) {
        const auto number = list->number();
        if (!number) return number.failure();
        *field = *number;
    }
    const auto to = list->text();
    if (!to) return to.failure();
    if (!to->empty() && to->size() != kAddressSize) return bad("has a destination that is not 20 bytes");
    if (!to->empty()) {
        tx.to.emplace();
        std::copy(to->begin(), to->end(), tx.to->bytes.begin());
    }
    const auto value = list->text();
    if (!value) return value.failure();
    if (value->size() > kWordSize || (!value->empty() && value->front() == 0))
        return bad("has a value with leading zeros");
    tx.value = crypto::to_bytes(*value);
    const auto data = list->text();
    if (!data) return data.failure();
    tx.data = crypto::to_bytes(*data);
    const auto access = list->list();
    if (!access) return access.failure();
    const auto entries = count_access_list(*access);
    if (!entries) return entries.failure();
    tx.access_list_entries = *entries;
    if (!list->empty()) return bad("has more than nine fields; leave the signature out");
    return tx;
}

}  // namespace bh::signer
