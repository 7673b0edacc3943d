// LegacyDeployment: delivering, once.
#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/legacy/calls.hpp"
#include "plugins/chain-evm/legacy/events.hpp"
#include "plugins/chain-evm/legacy/legacy.hpp"

#include <algorithm>

namespace bh::evm {

// The purchase that the intent is for. Its order names one transaction, so whichever block holds it says the same.
Result<legacy::Purchase> LegacyDeployment::purchase_of(const Intent& intent) const {
    const Result<Uint256> id = parse_id(intent.subscription, "intent /subscription");
    if (!id) return id.failure();
    const Result<Hash> order = parse_order(intent.order);
    if (!order) return order.failure();
    Result<std::vector<legacy::Purchase>> purchases = index_.purchases(id->decimal());
    if (!purchases) return purchases.failure();
    std::erase_if(*purchases, [&](const legacy::Purchase& one) { return one.order != order_text(*order); });
    if (purchases->empty()) {
        return Failure{BH_E_UNAVAILABLE, "not_polled", "no purchase with the order of this delivery was read yet", 0};
    }
    return *std::ranges::min_element(*purchases, {}, [](const legacy::Purchase& one) { return one.place.height; });
}

Result<Target> LegacyDeployment::target(const Intent& intent) {
    if (intent.action != "deliver") {
        return Failure{BH_E_UNSUPPORTED, "no_such_call",
                       "the existing contracts have no " + intent.action + " for a host to call", 0};
    }
    if (intent.sealed.empty() || intent.sealed.size() > kMaxSealedBytes) {
        return invalid("bad_intent", "intent /sealed: must be 1 to 1024 bytes");
    }
    const Result<legacy::Purchase> purchase = purchase_of(intent);
    if (!purchase) return purchase.failure();
    const Result<Uint256> id = parse_id(intent.subscription, "intent /subscription");
    const Result<Hash> order = parse_order(intent.order);
    if (!id || !order) return id ? order.failure() : id.failure();
    return Target{config_.credential, legacy::encode_mint(purchase->buyer, intent.sealed, *id, *order)};
}

// All mints to the buyer from the purchase on. One that carries this purchase's mark is the delivery. One without any
// mark was made by another program, perhaps for this purchase: then a second would be one too many, and nothing is
// sent.
Result<Effect> LegacyDeployment::effect(Reader& reader, const Intent& intent, const At& at) {
    const Result<legacy::Purchase> purchase = purchase_of(intent);
    if (!purchase) return purchase.failure();
    Effect found;
    std::uint64_t from = purchase->place.height;
    std::uint64_t range = config_.profile.logs.max_range;
    while (from <= at.height) {
        const std::uint64_t to = std::min(at.height, from + range - 1);
        const Result<Effect> part = look_in(reader.node(), intent, *purchase, from, to);
        if (!part) {
            const std::string& reason = part.failure().reason;
            const bool smaller_helps =
                reason == "too_many_logs" || reason == "answer_too_large" || reason == "endpoint_timeout";
            if (!smaller_helps || range == 1) return part.failure();
            range = std::max<std::uint64_t>(1, range / 2);
            continue;
        }
        if (part->there || found.height == 0) found = *part;
        if (part->there) break;
        from = to + 1;
    }
    // What was said of the blocks before `at` holds for its branch, if that is the branch now, too.
    const Result<Node::CallsAnswer> there = reader.node().calls_at({}, at.hash, at.height);
    if (!there) return there.failure();
    if (found.there) return found;
    if (found.height == 0) return Effect{};
    return Failure{BH_E_CONFLICT, "minted_by_another",
                   "another program minted a credential to the buyer after this purchase (transaction " + found.tx +
                       "), perhaps for it: nothing is minted",
                   0};
}

// `there`: the delivery. Else a height names a mint without a mark.
Result<Effect> LegacyDeployment::look_in(Node& node, const Intent& intent, const legacy::Purchase& purchase,
                                         std::uint64_t from, std::uint64_t to) {
    const Address addresses[] = {config_.credential};
    const Result<LogsAnswer> answer = node.logs(addresses, from, to);
    if (!answer) return answer.failure();
    std::vector<const Log*> mints;
    std::vector<Hash> hashes;
    for (const Log& log : answer->logs) {
        if (log.topics.empty() || log.topics.front() != legacy::minted_topic()) continue;
        const Topics held{log};
        if (held.reader().address(1) != purchase.buyer) continue;
        mints.push_back(&log);
        hashes.push_back(log.tx);
    }
    if (mints.empty()) return Effect{};
    const Result<std::vector<Bytes>> inputs = node.inputs(hashes);
    if (!inputs) return inputs.failure();
    Effect unmarked;
    for (std::size_t i = 0; i < mints.size(); ++i) {
        const std::optional<legacy::MintMark> mark = legacy::read_mark((*inputs)[i]);
        if (mark && mark->subscription == intent.subscription && mark->order == purchase.order) {
            return Effect{true, mints[i]->tx.text(), mints[i]->block};
        }
        if (!mark && unmarked.height == 0) unmarked = {false, mints[i]->tx.text(), mints[i]->block};
    }
    return unmarked;
}

}  // namespace bh::evm
