#include "plugins/chain-evm/contract/generic.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace bh::evm {
namespace {

// Ever further apart, so that a cursor of this many reaches back more than 32,000 blocks.
constexpr std::size_t kMarks = 16;
constexpr std::size_t kMaxCursor = 2048;
constexpr std::size_t kMaxLogBytes = 400'000;  // of data; a document of 1 MiB holds it as hex

Failure moved(const Node& node) {
    constexpr std::uint32_t kPauseMs = 200;
    return {BH_E_UNAVAILABLE, "endpoint_moved",
            "the endpoint " + node.label() + " changed its branch while its logs were read; it is asked again",
            kPauseMs};
}

Failure behind(const Node& node, std::uint64_t block) {
    constexpr std::uint32_t kPauseMs = 1000;
    return {BH_E_UNAVAILABLE, "endpoint_behind",
            "the endpoint " + node.label() + " does not have block " + std::to_string(block), kPauseMs};
}

Failure bad_cursor() { return invalid("bad_cursor", "cursor: is not one that chain-evm made"); }

bool matches(const Log& log, const std::vector<std::vector<Bytes>>& topics) {
    for (std::size_t i = 0; i < topics.size(); ++i) {
        if (topics[i].empty()) continue;
        if (i >= log.topics.size()) return false;
        const auto& topic = log.topics[i].bytes;
        const bool found = std::ranges::any_of(topics[i], [&](const Bytes& wanted) {
            return std::equal(wanted.begin(), wanted.end(), topic.begin(), topic.end());
        });
        if (!found) return false;
    }
    return true;
}

Result<std::vector<Address>> addresses_of(const ChainFilter& filter) {
    if (filter.contracts.empty() || filter.contracts.size() > kMaxFilterContracts)
        return invalid("bad_filter", "filter: /contracts must name 1 to 64 contracts");
    if (filter.topics.size() > kMaxFilterTopics) return invalid("bad_filter", "filter: /topics may have 4 members");
    for (const auto& any_of : filter.topics) {
        for (const Bytes& topic : any_of) {
            if (topic.size() != Hash{}.bytes.size()) return invalid("bad_filter", "filter: a topic has 32 bytes");
        }
    }
    std::vector<Address> out;
    for (const std::string& text : filter.contracts) {
        const Result<Address> address = Address::parse(text);
        if (!address) return address.failure().within("filter: /contracts");
        out.push_back(*address);
    }
    return out;
}

ChainLog document_of(const Log& log, std::int64_t time) {
    ChainLog out{log.address.text(), {},       log.data, {log.block_hash.text(), log.block}, {time},
                 log.tx.text(),      log.index};
    for (const Hash& topic : log.topics) out.topics.emplace_back(topic.bytes.begin(), topic.bytes.end());
    return out;
}

}  // namespace

Result<ChainValue> GenericContract::read(const ChainRead& request, const At& at) {
    const Result<Address> to = Address::parse(request.contract);
    if (!to) return to.failure().within("request: /contract");
    const Node::Call calls[] = {{*to, request.data}};
    Result<Node::CallsAnswer> answer = node_.calls_at(calls, at.hash, at.height);
    if (!answer) return answer.failure();
    return ChainValue{to_block(answer->header).position, answer->results.front().reverted,
                      std::move(answer->results.front().data)};
}

Result<GenericContract::Marks> GenericContract::parse_marks(std::string_view cursor) {
    Marks marks;
    if (cursor.size() > kMaxCursor) return bad_cursor();
    while (!cursor.empty()) {
        const std::size_t end = cursor.find(';');
        const std::string_view row = cursor.substr(0, end);
        const std::size_t space = row.find(' ');
        Mark mark;
        const auto [stop, error] = std::from_chars(row.data(), row.data() + std::min(space, row.size()), mark.height);
        const auto hash = space == std::string_view::npos ? std::nullopt : Hash::parse(row.substr(space + 1));
        const bool falls = marks.empty() || mark.height < marks.back().height;
        if (error != std::errc{} || stop != row.data() + space || !hash || !falls || marks.size() == kMarks)
            return bad_cursor();
        mark.hash = *hash;
        marks.push_back(mark);
        cursor = end == std::string_view::npos ? std::string_view{} : cursor.substr(end + 1);
    }
    return marks;
}

std::string GenericContract::text_of(const Marks& marks) {
    std::string out;
    for (const Mark& mark : marks) {
        if (!out.empty()) out += ';';
        out += std::to_string(mark.height) + " " + mark.hash.text();
    }
    return out;
}

// How many of the newest marks are not on the node's branch any more.
Result<std::size_t> GenericContract::still_there(const Marks& marks) {
    for (std::size_t i = 0; i < marks.size(); ++i) {
        const Result<std::optional<Header>> header = node_.header(marks[i].height);
        if (!header) return header.failure();
        if (*header && (*header)->hash == marks[i].hash) return i;
    }
    return marks.size();
}

// Lowers `to` until the node answers.
Result<std::vector<Log>> GenericContract::range(std::span<const Address> contracts, std::uint64_t from,
                                                std::uint64_t& to) {
    for (;;) {
        Result<LogsAnswer> answer = node_.logs(contracts, from, to);
        if (answer) {
            range_ = 2 * (to - from + 1);
            return std::move(answer->logs);
        }
        const std::string& reason = answer.failure().reason;
        const bool smaller = reason == "too_many_logs" || reason == "answer_too_large" || reason == "endpoint_timeout";
        if (!smaller || to == from) return answer.failure();
        to = from + (to - from) / 2;
    }
}

Result<ChainLogs> GenericContract::logs(const ChainFilter& filter, std::string_view cursor, std::uint32_t max) {
    const auto contracts = addresses_of(filter);
    if (!contracts) return contracts.failure();
    Result<Marks> marks = parse_marks(cursor);
    if (!marks) return marks.failure();
    const Result<Tips> tips = node_.tips(false);
    if (!tips) return tips.failure();
    const Header& head = tips->head;

    ChainLogs out;
    out.head = to_block(head);
    const Result<std::size_t> left = still_there(*marks);
    if (!left) return left.failure();
    // A node that lags has none of the newest; only one that is as far as we were can say that they are gone.
    if (*left > 0 && head.number < marks->front().height) return behind(node_, marks->front().height);
    if (*left > 0) {
        marks->erase(marks->begin(), marks->begin() + static_cast<std::ptrdiff_t>(*left));
        const std::uint64_t floor = std::max<std::uint64_t>(config_.start_block, 1) - 1;
        const Result<std::optional<Header>> below = node_.header(marks->empty() ? floor : marks->front().height);
        if (!below) return below.failure();
        if (!*below) return behind(node_, floor);
        out.rollback = to_block(**below).position;
    }
    const std::uint64_t from = marks->empty() ? config_.start_block : marks->front().height + 1;
    if (from > head.number) {
        out.cursor = text_of(*marks);
        return out;
    }
    std::uint64_t to = std::min(head.number, from + std::min(config_.profile.logs.max_range, range_.load()) - 1);
    Result<std::vector<Log>> logs = range(*contracts, from, to);
    if (!logs) return logs.failure();
    std::erase_if(*logs, [&](const Log& log) { return !matches(log, filter.topics); });

    // Whole blocks only, as many as fit, and at least one.
    std::size_t bytes = 0, keep = 0;
    for (std::size_t i = 0; i < logs->size(); ++i) {
        bytes += (*logs)[i].data.size();
        const bool ends_block = i + 1 == logs->size() || (*logs)[i + 1].block != (*logs)[i].block;
        const bool fits = i < std::max<std::uint32_t>(max, 1) && bytes <= kMaxLogBytes;
        if (!fits && keep > 0) break;
        if (ends_block) keep = i + 1;
        if (!fits && ends_block) break;
    }
    if (keep < logs->size()) {
        to = (*logs)[keep].block - 1;
        logs->resize(keep);
    }
    // The last block and every block with a log, read after the logs: all of one branch, or ask again.
    std::map<std::uint64_t, Header> headers;
    std::vector<std::uint64_t> numbers{to};
    for (const Log& log : *logs) {
        if (std::ranges::find(numbers, log.block) == numbers.end()) numbers.push_back(log.block);
    }
    const Result<std::vector<std::optional<Header>>> read = node_.headers(numbers);
    if (!read) return read.failure();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (!(*read)[i]) return behind(node_, numbers[i]);
        headers.emplace(numbers[i], *(*read)[i]);
    }
    if (to == head.number && headers.at(to).hash != head.hash) return moved(node_);
    for (const Log& log : *logs) {
        const Header& block = headers.at(log.block);
        if (block.hash != log.block_hash) return moved(node_);
        out.logs.push_back(document_of(log, block.time));
    }
    if (!marks->empty()) {  // what is built upon must still be there
        const Result<std::optional<Header>> base = node_.header(marks->front().height);
        if (!base) return base.failure();
        if (!*base || (*base)->hash != marks->front().hash) return moved(node_);
    }

    // Of the older marks one for each doubling of the distance stays.
    Marks next{{to, headers.at(to).hash}};
    std::uint64_t distance = 1;
    for (const Mark& mark : *marks) {
        if (next.size() == kMarks) break;
        if (to - mark.height < distance) continue;
        next.push_back(mark);
        distance = 2 * (to - mark.height);
    }
    out.cursor = text_of(next);
    out.more = to < head.number;
    return out;
}

}  // namespace bh::evm
