// Quorum: which logs there are. All endpoints that are believed are asked. If they say the same, that is it; where they
// differ, each block in question is proven by its header, and who said something else is named.
#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/rpc/agreement.hpp"

#include <set>

namespace bh::evm {
namespace {

constexpr std::chrono::milliseconds kProofPatience{3000};

void append_number(Bytes& out, std::uint64_t value) { crypto::append(out, Uint256{value}.word()); }

// Equal for equal logs, in the same order.
std::string digest_of(std::span<const Log> logs) {
    Bytes out;
    for (const Log& log : logs) {
        append_number(out, log.block);
        crypto::append(out, log.block_hash.bytes);
        crypto::append(out, log.tx.bytes);
        append_number(out, log.index);
        crypto::append(out, log.address.bytes);
        append_number(out, log.topics.size());
        for (const Hash& topic : log.topics) crypto::append(out, topic.bytes);
        append_number(out, log.data.size());
        crypto::append(out, log.data);
    }
    return crypto::hex(crypto::keccak256(out));
}

bool same(const LogsAnswer& a, const LogsAnswer& b) { return a.last.hash == b.last.hash && a.logs == b.logs; }

// Equal for the same.
std::string key_of(const LogsAnswer& answer) { return answer.last.hash.text() + digest_of(answer.logs); }

std::map<std::uint64_t, std::vector<Log>> by_block(const std::vector<Log>& logs) {
    std::map<std::uint64_t, std::vector<Log>> out;
    for (const Log& log : logs) out[log.block].push_back(log);
    return out;
}

std::vector<Log> at(const std::map<std::uint64_t, std::vector<Log>>& blocks, std::uint64_t number) {
    const auto found = blocks.find(number);
    return found == blocks.end() ? std::vector<Log>{} : found->second;
}

// The blocks in which not all answers have the same logs.
std::set<std::uint64_t> differing(const std::vector<Said<LogsAnswer>>& said) {
    std::set<std::uint64_t> out;
    std::vector<std::map<std::uint64_t, std::vector<Log>>> answers;
    for (const Said<LogsAnswer>& one : said) {
        answers.push_back(by_block(one.answer->logs));
        for (const auto& block : answers.back()) out.insert(block.first);
    }
    std::erase_if(out, [&](std::uint64_t number) {
        return std::ranges::all_of(
            answers, [&](const auto& answer) { return at(answer, number) == at(answers.front(), number); });
    });
    return out;
}

}  // namespace

struct Quorum::Question {
    std::vector<Address> addresses;
    std::optional<std::uint64_t> from;  // nullopt: the one block that is asked for
    Ask<LogsAnswer> ask;
};

namespace {

// Tells what an endpoint said wrongly of a block, and notes it.
void accuse(Endpoint& endpoint, const std::vector<Address>& addresses, const std::vector<Log>& said,
            const std::vector<Log>& truth, const Header& header) {
    if (said == truth) return;
    const auto same_place = [](const std::vector<Log>& logs, const Log& log) {
        return std::ranges::find_if(logs, [&](const Log& other) { return other.index == log.index; });
    };
    std::set<Caught> what;
    for (const Log& log : truth) {
        const auto theirs = same_place(said, log);
        if (theirs == said.end()) {
            what.insert(said.empty() ? Caught::empty_answer : Caught::omitted_log);
            endpoint.remember({header.hash, header.number, addresses, log.index});
        } else if (*theirs != log) {
            what.insert(Caught::altered_log);
        }
    }
    for (const Log& log : said) {
        if (same_place(truth, log) == truth.end()) what.insert(Caught::added_log);
    }
    for (const Caught one : what) endpoint.score().caught(one, header.number);
}

}  // namespace

Result<LogsAnswer> Quorum::logs(std::span<const Address> addresses, std::uint64_t from, std::uint64_t to) {
    std::vector<Address> list{addresses.begin(), addresses.end()};
    return agreed_logs({list, from, [list, from, to](RpcNode& node) { return node.logs(list, from, to); }});
}

Result<LogsAnswer> Quorum::logs_of_block(std::span<const Address> addresses, const Hash& block) {
    std::vector<Address> list{addresses.begin(), addresses.end()};
    return agreed_logs({list, std::nullopt, [list, block](RpcNode& node) { return node.logs_of_block(list, block); }});
}

Result<LogsAnswer> Quorum::agreed_logs(Question question) {
    std::vector<Said<LogsAnswer>> said;
    if (endpoints_->alone()) {
        Result<LogsAnswer> answer = only().ask(question.ask);
        if (!answer || proof_ != ProofMode::always) return answer;
        said.push_back({&only(), std::move(answer)});
    } else {
        const std::function<std::string(const LogsAnswer&)> last = [](const LogsAnswer& answer) {
            return answer.last.hash.text();
        };
        said = endpoints_->gather<LogsAnswer>(
            endpoints_->ready(false, agree_), question.ask, [&](const std::vector<Said<LogsAnswer>>& so_far) {
                const auto groups = groups_of<LogsAnswer>(so_far, last);
                return std::ranges::any_of(groups, [&](const auto& group) { return group.second.size() >= agree_; });
            });
        const auto groups = groups_of<LogsAnswer>(said, last);
        const auto* winner = winner_of(groups, agree_);
        if (winner == nullptr) {
            std::size_t voted = 0;
            for (const auto& group : groups) voted += group.second.size();
            return voted < agree_ ? too_few(said) : disagree("the blocks whose logs are read");
        }
        // Who is on another branch, or behind, has said nothing about this one.
        const std::string branch = winner->first;
        std::erase_if(said, [&](const Said<LogsAnswer>& one) { return !one.answer || last(*one.answer) != branch; });
    }
    const auto proven = std::ranges::find_if(said, [](const auto& one) { return one.answer->last.proven; });
    const Header header = proven == said.end() ? said.front().answer->last : proven->answer->last;
    const bool alike = std::ranges::all_of(said.begin() + 1, said.end(),
                                           [&](const auto& one) { return same(*one.answer, *said.front().answer); });
    if (alike && proof_ != ProofMode::always) return std::move(*said.front().answer);
    if (proof_ == ProofMode::never) return outvote(said, header);
    return judge(question, said, header);
}

std::optional<std::vector<Log>> Quorum::truth_of(const Question& question, const Header& header) {
    if (!header.proven) return std::nullopt;
    const bool may = std::ranges::any_of(question.addresses,
                                         [&](const Address& address) { return may_hold(header.bloom, address); });
    if (!may) return std::vector<Log>{};
    // Anybody's lists will do, if they are those of the header: first of one after the other, then of all at once.
    using Proof = std::optional<std::vector<Log>>;
    const Ask<Proof> ask = [header, addresses = question.addresses](RpcNode& node) {
        return node.proven_logs(header, addresses);
    };
    if (endpoints_->alone()) {
        Result<Proof> proof = only().ask(ask);
        return proof ? *std::move(proof) : std::nullopt;
    }
    const std::function<bool(const std::vector<Said<Proof>>&)> found = [](const std::vector<Said<Proof>>& said) {
        return std::ranges::any_of(said, [](const Said<Proof>& one) { return one.answer && *one.answer; });
    };
    std::vector<Endpoint*> all;
    for (const auto& endpoint : endpoints_->all()) all.push_back(endpoint.get());
    std::vector<std::vector<Endpoint*>> rounds;
    for (Endpoint* endpoint : endpoints_->ready(false, 1)) rounds.push_back({endpoint});
    rounds.push_back(std::move(all));
    for (const std::vector<Endpoint*>& whom : rounds) {
        std::vector<Said<Proof>> said = endpoints_->gather<Proof>(whom, ask, found, kProofPatience);
        for (Said<Proof>& one : said) {
            if (one.answer && *one.answer) return **std::move(one.answer);
        }
    }
    return std::nullopt;
}

Result<LogsAnswer> Quorum::judge(const Question& question, const std::vector<Said<LogsAnswer>>& said,
                                 const Header& last) {
    std::set<std::uint64_t> blocks = differing(said);
    if (proof_ == ProofMode::always) {
        const std::uint64_t from = question.from.value_or(last.number);
        if (last.number - from >= kMaxProofs) blocks.insert(from);  // counted below
        for (std::uint64_t number = from; number <= last.number && blocks.size() <= kMaxProofs; ++number) {
            blocks.insert(number);
        }
    }
    if (blocks.size() > kMaxProofs) {
        return Failure{BH_E_UNAVAILABLE, "too_many_logs",
                       "the logs of more than " + std::to_string(kMaxProofs) +
                           " blocks would have to be proven at once; a smaller range is asked for",
                       0};
    }
    std::vector<std::uint64_t> others;
    std::ranges::copy_if(blocks, std::back_inserter(others), [&](std::uint64_t n) { return n != last.number; });
    Result<std::vector<std::optional<Header>>> headers = this->headers(others);
    if (!headers) return headers.failure();
    headers->emplace_back(last);

    std::map<std::uint64_t, std::vector<Log>> truth;
    std::vector<std::map<std::uint64_t, std::vector<Log>>> answers;
    for (const Said<LogsAnswer>& one : said) answers.push_back(by_block(one.answer->logs));
    for (const std::optional<Header>& header : *headers) {
        if (!header || !blocks.contains(header->number)) continue;
        std::optional<std::vector<Log>> logs = truth_of(question, *header);
        if (!logs && proof_ == ProofMode::always) {
            return Failure{BH_E_UNAVAILABLE, "unproven",
                           "no endpoint gives transactions and receipts that prove the logs of block " +
                               std::to_string(header->number) +
                               "; add one that has eth_getBlockReceipts, or set proof to disputes",
                           1000};
        }
        if (!logs) return outvote(said, last);
        for (std::size_t i = 0; i < said.size(); ++i) {
            accuse(*said[i].by, question.addresses, at(answers[i], header->number), *logs, *header);
        }
        truth[header->number] = std::move(*logs);
    }
    if (truth.size() != blocks.size()) return disagree("the blocks whose logs are proven");
    LogsAnswer out{{}, last};
    for (auto& [number, logs] : answers.front()) {  // what nobody disputes
        if (!blocks.contains(number)) truth[number] = std::move(logs);
    }
    for (auto& block : truth) {
        out.logs.insert(out.logs.end(), block.second.begin(), block.second.end());
    }
    return out;
}

Result<LogsAnswer> Quorum::outvote(const std::vector<Said<LogsAnswer>>& said, const Header& last) {
    const auto groups = groups_of<LogsAnswer>(said, key_of);
    const auto* winner = winner_of(groups, agree_);
    if (winner == nullptr) return disagree("the logs up to block " + std::to_string(last.number));
    for (const Said<LogsAnswer>& one : said) {
        if (key_of(*one.answer) != winner->first) one.by->score().caught(Caught::other_answer, last.number);
    }
    return *winner->second.front()->answer;
}

}  // namespace bh::evm
