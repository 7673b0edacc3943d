#include "tests/plugins/mem-chain/contract.hpp"

#include <algorithm>

namespace bh::mem {
namespace {

Bytes ascii(std::string_view text) { return {text.begin(), text.end()}; }

bool wanted(const ChainFilter& filter, const std::vector<Bytes>& topics) {
    for (std::size_t i = 0; i < filter.topics.size(); ++i) {
        const auto& any_of = filter.topics[i];
        if (any_of.empty()) continue;
        if (i >= topics.size() || std::find(any_of.begin(), any_of.end(), topics[i]) == any_of.end()) return false;
    }
    return true;
}

}  // namespace

ChainValue contract_value(const ChainState& state, const View& view, const ChainBlock& block, const ChainRead& read) {
    const SubscriptionRow* row =
        read.contract == state.contract ? view.ledger.subscription({read.data.begin(), read.data.end()}) : nullptr;
    if (row == nullptr) return {block.position, true, ascii("no such subscription")};
    return {block.position, false, ascii(row->owner)};
}

Result<ChainLogs> contract_logs(const ChainState& state, const ChainFilter& filter, std::string_view cursor,
                                std::uint32_t max) {
    const auto found = events_after(state, cursor, max);
    if (!found) return found.failure();
    ChainLogs out;
    for (const ChainEvent& event : found->events) {
        if (event.type == "rollback") {
            out.rollback = event.position;
            continue;
        }
        ChainLog log{state.contract, {ascii(event.type)}, ascii(event.subscription), event.position, event.time,
                     event.tx,       event.log_index};
        const bool of_it =
            std::find(filter.contracts.begin(), filter.contracts.end(), state.contract) != filter.contracts.end();
        if (of_it && wanted(filter, log.topics)) out.logs.push_back(std::move(log));
    }
    out.head = found->head;
    out.cursor = found->cursor;
    out.more = found->more;
    return out;
}

Result<ContractCall> decode_call(const ChainState& state, const std::string& contract, const Bytes& data) {
    if (contract != state.contract) return invalid("bad_intent", "intent: /contract is not a contract of this chain");
    return read_document<ContractCall>({reinterpret_cast<const char*>(data.data()), data.size()});
}

}  // namespace bh::mem
