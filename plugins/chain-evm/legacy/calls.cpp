#include "plugins/chain-evm/legacy/calls.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/abi/decode.hpp"
#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/contract/calls.hpp"

#include <algorithm>

namespace bh::evm::legacy {
namespace {

constexpr std::string_view kMint = "mint(address,bytes)";
constexpr std::size_t kWord = 32;
constexpr std::size_t kMarkWords = 3;
constexpr std::uint64_t kLastTime = 253'402'300'799;  // the end of the year 9999

const Hash& mark_word() {
    static const Hash word = signature_hash("blockhost-legacy-mint-1");
    return word;
}

}  // namespace

Hash order_of(const Hash& purchase_tx, const Uint256& subscription) {
    Bytes both;
    crypto::append(both, purchase_tx.bytes);
    crypto::append(both, subscription.word());
    Hash out;
    const auto digest = crypto::keccak256(both);
    std::copy_n(digest.begin(), kOrderBytes, out.bytes.begin());
    return out;
}

Bytes encode_mint(const Address& to, ByteView sealed, const Uint256& subscription, const Hash& order) {
    Bytes out = CallEncoder{kMint}.address(to).bytes(sealed).finish();
    crypto::append(out, mark_word().bytes);
    crypto::append(out, subscription.word());
    crypto::append(out, order.bytes);
    return out;
}

std::optional<MintMark> read_mark(ByteView input) {
    const auto wanted = selector(kMint);
    if (input.size() < wanted.size() || !std::ranges::equal(input.first(wanted.size()), wanted)) return std::nullopt;
    const ByteView arguments = input.subspan(wanted.size());
    if (arguments.size() % kWord != 0 || arguments.size() < kMarkWords * kWord) return std::nullopt;
    // As encode_mint() makes it, so that the mark can't be a part of the sealed bytes.
    WordReader words{arguments};
    (void)words.address(0);
    const bool at_once = words.u64(1) == 2 * kWord;
    const std::size_t sealed = words.bytes(1, arguments.size()).size();
    const std::size_t mark = 3 + (sealed + kWord - 1) / kWord;
    if (!words.status() || !at_once || arguments.size() / kWord != mark + kMarkWords) return std::nullopt;
    if (words.hash(mark) != mark_word()) return std::nullopt;
    return MintMark{words.uint(mark + 1).decimal(), order_text(words.hash(mark + 2))};
}

namespace view {

Bytes subscription(const Uint256& id) { return CallEncoder{"getSubscription(uint256)"}.uint(id).finish(); }
Bytes next_subscription_id() { return CallEncoder{"nextSubscriptionId()"}.finish(); }
Bytes owner() { return CallEncoder{"owner()"}.finish(); }

}  // namespace view

Result<SubscriptionView> decode_subscription(ByteView data) {
    WordReader words{data};
    SubscriptionView out;
    out.plan = words.uint(0).decimal();
    out.subscriber = words.address(1);
    out.expires_at = clamped_time(words.uint(2));
    out.cancelled = words.boolean(4);
    out.exists = !out.subscriber.is_zero();
    if (const Status status = words.status(); !status) return status.failure();
    return out;
}

std::int64_t clamped_time(const Uint256& seconds) {
    return static_cast<std::int64_t>(std::min(seconds.as_u64().value_or(kLastTime), kLastTime));
}

}  // namespace bh::evm::legacy
