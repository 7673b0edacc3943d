#include "plugins/chain-evm/rpc/endpoints.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::size_t kMaxOmissions = 8;
constexpr std::int64_t kRecheckMs = 2000;

}  // namespace

Status Endpoint::check_chain(std::uint64_t chain_id) {
    chain_known_.store(chain_id == profile_.chain_id);
    if (chain_known_.load()) return {};
    score_.caught(Caught::wrong_chain, 0);
    return Failure{BH_E_UNAVAILABLE, "wrong_chain",
                   "the endpoint " + name() + " serves chain " + std::to_string(chain_id) + ", but " + profile_.title +
                       " is chain " + std::to_string(profile_.chain_id) + "; give the URL of a node of that chain",
                   0};
}

Status Endpoint::right_chain() {
    if (chain_known_.load()) return {};
    const Result<std::uint64_t> id = node_.chain_id();
    if (!id) return id.failure();
    return check_chain(*id);
}

void Endpoint::remember(Omission omission) {
    const std::lock_guard lock{omissions_mutex_};
    if (omissions_.size() == kMaxOmissions) omissions_.erase(omissions_.begin());
    omissions_.push_back(std::move(omission));
}

std::optional<Endpoint::Omission> Endpoint::take_omission() {
    const std::lock_guard lock{omissions_mutex_};
    const std::int64_t now = clocks_.steady_ms();
    if (omissions_.empty() || now < next_recheck_ms_) return std::nullopt;
    next_recheck_ms_ = now + kRecheckMs;
    Omission out = std::move(omissions_.front());
    omissions_.erase(omissions_.begin());
    return out;
}

Endpoints::Endpoints(std::vector<Source> sources, Profile profile, Clocks clocks)
    : profile_{std::move(profile)}, label_{"group of " + std::to_string(sources.size())} {
    const bool alone = sources.size() == 1;
    for (Source& source : sources) {
        list_.push_back(std::make_unique<Endpoint>(std::move(source.transport), source.votes, profile_, clocks, alone));
    }
}

Endpoints::~Endpoints() {
    for (const auto& endpoint : list_) endpoint->interrupt();
}

std::vector<Endpoint*> Endpoints::ready(bool voters_only, std::size_t least) const {
    std::vector<Endpoint*> out, owing, doubted;
    for (const auto& endpoint : list_) {
        if ((voters_only && !endpoint->votes()) || endpoint->score().rests(endpoint->name())) continue;
        if (!endpoint->score().believed()) {
            doubted.push_back(endpoint.get());
        } else {
            (endpoint->score().owes() ? owing : out).push_back(endpoint.get());
        }
    }
    const auto voters = [&] { return static_cast<std::size_t>(std::ranges::count_if(out, &Endpoint::votes)); };
    if (voters() < least) out.insert(out.end(), owing.begin(), owing.end());
    if (voters() < least) out.insert(out.end(), doubted.begin(), doubted.end());
    return out;
}

}  // namespace bh::evm
