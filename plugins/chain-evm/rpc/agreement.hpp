// Counting of answers: the templates of Quorum, for its own files.
#pragma once

#include "plugins/chain-evm/rpc/quorum.hpp"

#include <algorithm>

namespace bh::evm {

template <class T>
std::size_t answers_in(const std::vector<Said<T>>& said) {
    return static_cast<std::size_t>(std::ranges::count_if(said, [](const Said<T>& one) { return one.answer.ok(); }));
}

// Answers of the same key, by those that vote.
template <class T>
std::map<std::string, std::vector<const Said<T>*>> groups_of(const std::vector<Said<T>>& said,
                                                             const std::function<std::string(const T&)>& key) {
    std::map<std::string, std::vector<const Said<T>*>> out;
    for (const Said<T>& one : said) {
        if (one.answer && one.by->votes()) out[key(*one.answer)].push_back(&one);
    }
    return out;
}

// The one group of at least `agree`; nullptr if there is none, or more than one.
template <class G>
const typename G::value_type* winner_of(const G& groups, std::uint32_t agree) {
    const typename G::value_type* out = nullptr;
    for (const auto& group : groups) {
        if (group.second.size() < agree) continue;
        if (out != nullptr) return nullptr;
        out = &group;
    }
    return out;
}

template <class T>
Failure Quorum::too_few(const std::vector<Said<T>>& said) const {
    std::optional<Failure> why;
    for (const Said<T>& one : said) {
        if (one.answer || !one.by->votes()) continue;
        const std::string& reason = one.answer.failure().reason;
        if (!why || reason == "too_many_logs" || reason == "answer_too_large") why = one.answer.failure();
    }
    for (const auto& endpoint : endpoints_->all()) {
        if (!why && endpoint->votes()) why = endpoint->score().rests(endpoint->name());
    }
    if (!why) {
        why = Failure{BH_E_UNAVAILABLE, "too_few_endpoints", "too few endpoints can be believed", 0};
    }
    if (!endpoints_->alone()) {
        why->message += " (" + std::to_string(answers_in(said)) + " of the " + std::to_string(agree_) +
                        " endpoints that must agree answered; `blockhost chain status` shows them)";
    }
    return *why;
}

template <class T>
Result<std::vector<Said<T>>> Quorum::votes(const Ask<T>& question) {
    std::vector<Said<T>> said = endpoints_->gather<T>(
        endpoints_->ready(true, agree_), question,
        [agree = agree_](const std::vector<Said<T>>& so_far) { return answers_in(so_far) >= agree; });
    if (answers_in(said) < agree_) return too_few(said);
    std::erase_if(said, [](const Said<T>& one) { return !one.answer; });
    return said;
}

template <class T>
Result<T> Quorum::agreed(const char* what, const Ask<T>& question, const std::function<std::string(const T&)>& key,
                         std::uint64_t height) {
    if (endpoints_->alone()) return only().ask(question);
    const std::vector<Said<T>> said =
        endpoints_->gather<T>(endpoints_->ready(true, agree_), question, [&](const std::vector<Said<T>>& so_far) {
            const auto groups = groups_of<T>(so_far, key);
            return std::ranges::any_of(groups, [&](const auto& group) { return group.second.size() >= agree_; });
        });
    if (answers_in(said) < agree_) return too_few(said);
    const auto groups = groups_of<T>(said, key);
    const auto* winner = winner_of(groups, agree_);
    if (winner == nullptr) return disagree(what);
    for (const auto& group : groups) {
        if (&group == winner) continue;
        for (const Said<T>* one : group.second) one->by->score().caught(Caught::other_answer, height);
    }
    return *winner->second.front()->answer;
}

}  // namespace bh::evm
