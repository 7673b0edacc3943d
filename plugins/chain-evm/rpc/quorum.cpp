#include "plugins/chain-evm/rpc/quorum.hpp"

#include "plugins/chain-evm/rpc/agreement.hpp"

namespace bh::evm {
namespace {

// Which of the headers with the same hash: one whose members are those that were hashed.
const Header& best_of(const std::vector<const Header*>& same) {
    const auto proven = std::ranges::find_if(same, [](const Header* header) { return header->proven; });
    return proven == same.end() ? *same.front() : **proven;
}

// Its members are not those of its hash, though another endpoint has those.
void name_forgers(const std::vector<std::pair<Endpoint*, const Header*>>& same) {
    const bool known = std::ranges::any_of(same, [](const auto& one) { return one.second->proven; });
    for (const auto& [by, header] : same) {
        if (known && !header->proven) by->score().caught(Caught::forged_header, header->number);
    }
}

}  // namespace

const std::string& Quorum::label() const { return endpoints_->label(); }

Failure Quorum::disagree(const std::string& what) const {
    constexpr std::uint32_t kPauseMs = 500;
    return {BH_E_UNAVAILABLE, "no_agreement",
            "no " + std::to_string(agree_) + " endpoints agree about " + what +
                "; nothing is done until they do (`blockhost chain status` shows who says something else)",
            kPauseMs};
}

Result<std::uint64_t> Quorum::chain_id() {
    return agreed<std::uint64_t>(
        "the chain id", [](RpcNode& node) { return node.chain_id(); },
        [](const std::uint64_t& id) { return std::to_string(id); }, 0);
}

Result<std::vector<std::optional<Header>>> Quorum::headers(std::span<const std::uint64_t> numbers) {
    using Headers = std::vector<std::optional<Header>>;
    if (numbers.empty()) return Headers{};
    std::vector<std::uint64_t> list{numbers.begin(), numbers.end()};
    const Ask<Headers> question = [list](RpcNode& node) { return node.headers(list); };
    if (endpoints_->alone()) return only().ask(question);
    // Each block by itself: whoever is behind has the lower ones.
    const Result<std::vector<Said<Headers>>> said = votes(question);
    if (!said) return said.failure();
    Headers out;
    for (std::size_t i = 0; i < list.size(); ++i) {
        std::map<std::string, std::vector<std::pair<Endpoint*, const Header*>>> groups;
        std::size_t missing = 0;
        for (const Said<Headers>& one : *said) {
            const std::optional<Header>& header = (*one.answer)[i];
            if (header) {
                groups[header->hash.text()].emplace_back(one.by, &*header);
            } else {
                ++missing;
            }
        }
        const auto* winner = winner_of(groups, agree_);
        if (winner == nullptr && missing >= agree_ && groups.empty()) {
            out.emplace_back();
            continue;
        }
        if (winner == nullptr) return disagree("block " + std::to_string(list[i]));
        name_forgers(winner->second);
        std::vector<const Header*> same;
        for (const auto& [by, header] : winner->second) same.push_back(header);
        out.emplace_back(best_of(same));
        for (const auto& group : groups) {
            if (&group == winner) continue;
            for (const auto& [by, header] : group.second) by->score().caught(Caught::other_branch, list[i]);
        }
    }
    return out;
}

Result<Tips> Quorum::tips(bool finality_tags) {
    const Ask<Tips> question = [finality_tags](RpcNode& node) { return node.tips(finality_tags); };
    if (endpoints_->alone()) {
        Result<Tips> tips = only().ask(question);
        if (!tips) return tips;
        if (const Status right = only().check_chain(tips->chain_id); !right) return right.failure();
        only().score().has_head(to_block(tips->head).position);
        return tips;
    }
    std::vector<Said<Tips>> said = endpoints_->gather<Tips>(
        endpoints_->ready(false, agree_), question, [agree = agree_](const std::vector<Said<Tips>>& so_far) {
            const auto voted =
                std::ranges::count_if(so_far, [](const Said<Tips>& one) { return one.answer.ok() && one.by->votes(); });
            return static_cast<std::size_t>(voted) >= agree;
        });
    std::vector<Vote> votes;
    for (Said<Tips>& one : said) {
        if (!one.answer) continue;
        if (const Status right = one.by->check_chain(one.answer->chain_id); !right) {
            one.by->score().failed(right.failure());
            one.answer = right.failure();
            continue;
        }
        one.by->score().has_head(to_block(one.answer->head).position);
        if (one.by->votes()) votes.push_back({one.by, *one.answer});
    }
    if (votes.size() < agree_) return too_few(said);
    const Result<Header> head = agreed_head(votes);
    if (!head) return head.failure();
    for (const auto& endpoint : endpoints_->all()) endpoint->score().agreed_head(head->number);
    Tips out{votes.front().tips.chain_id, *head, std::nullopt, std::nullopt};
    if (finality_tags) {
        out.safe = agreed_tag(votes, &Tips::safe);
        out.finalized = agreed_tag(votes, &Tips::finalized);
    }
    look_for_late_logs();
    return out;
}

// The `agree`-th highest of their heads is the highest that so many can have; where they are on different branches
// there, a few blocks below.
Result<Header> Quorum::agreed_head(const std::vector<Vote>& votes) {
    std::vector<std::uint64_t> heights;
    for (const Vote& vote : votes) heights.push_back(vote.tips.head.number);
    std::ranges::sort(heights, std::greater{});
    const std::uint64_t highest = heights[agree_ - 1];
    for (const std::uint64_t down : {0U, 1U, 3U, 7U}) {
        if (down > highest) break;
        const std::uint64_t height = highest - down;
        std::map<std::string, std::vector<std::pair<Endpoint*, const Header*>>> groups;
        std::vector<Endpoint*> above;
        std::size_t there_already = 0;
        for (const Vote& vote : votes) {
            if (vote.tips.head.number == height) {
                ++there_already;
                groups[vote.tips.head.hash.text()].emplace_back(vote.by, &vote.tips.head);
            } else if (vote.tips.head.number > height) {
                above.push_back(vote.by);
            }
        }
        std::vector<Said<std::optional<Header>>> there;
        if (!above.empty()) {
            using Answers = std::vector<Said<std::optional<Header>>>;
            there = endpoints_->gather<std::optional<Header>>(
                above, [height](RpcNode& node) { return node.header(height); },
                [&](const Answers& so_far) { return answers_in(so_far) + there_already >= agree_; });
        }
        for (const auto& one : there) {
            if (one.answer && *one.answer) groups[(*one.answer)->hash.text()].emplace_back(one.by, &**one.answer);
        }
        const auto* winner = winner_of(groups, agree_);
        if (winner == nullptr) continue;
        name_forgers(winner->second);
        for (const auto& group : groups) {
            if (&group == winner) continue;
            for (const auto& [by, header] : group.second) by->score().caught(Caught::other_branch, height);
        }
        std::vector<const Header*> same;
        for (const auto& [by, header] : winner->second) same.push_back(header);
        return best_of(same);
    }
    return disagree("the newest blocks");
}

// What `agree` endpoints hold for safe or final: the lowest of the highest of them, if the others have it, too.
std::optional<Header> Quorum::agreed_tag(const std::vector<Vote>& votes, std::optional<Header> Tips::* tag) {
    std::vector<const Header*> tagged;
    for (const Vote& vote : votes) {
        if (const std::optional<Header>& header = vote.tips.*tag) tagged.push_back(&*header);
    }
    if (tagged.size() < agree_) return std::nullopt;
    std::ranges::sort(tagged, std::greater{}, &Header::number);
    const Header& candidate = *tagged[agree_ - 1];
    const auto same = std::ranges::count_if(tagged, [&](const Header* one) { return one->hash == candidate.hash; });
    if (static_cast<std::size_t>(same) >= agree_) return candidate;
    const Result<std::optional<Header>> on_branch = header(candidate.number);
    return on_branch ? *on_branch : std::nullopt;
}

void Quorum::look_for_late_logs() {
    for (const auto& owner : endpoints_->all()) {
        std::optional<Endpoint::Omission> omission = owner->take_omission();
        if (!omission) continue;
        endpoints_->start([endpoint = owner.get(), missing = std::move(*omission)] {
            const Result<LogsAnswer> now = endpoint->try_ask<LogsAnswer>(
                [&missing](RpcNode& node) { return node.logs_of_block(missing.addresses, missing.block); });
            const bool there = now && std::ranges::any_of(now->logs, [&](const Log& log) {
                                   return log.index == missing.index && log.block_hash == missing.block;
                               });
            if (there) {
                endpoint->score().caught(Caught::delayed_log, missing.height);
            } else {
                endpoint->remember(missing);
            }
        });
    }
}

}  // namespace bh::evm
