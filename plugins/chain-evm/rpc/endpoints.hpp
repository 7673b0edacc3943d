// The endpoints of one instance and how they are asked: side by side, each with its score, the slow ones left behind
// once enough have answered. Safe on any thread.
#pragma once

#include "plugins/chain-evm/chain/profile.hpp"
#include "plugins/chain-evm/rpc/crew.hpp"
#include "plugins/chain-evm/rpc/rpc_node.hpp"
#include "plugins/chain-evm/rpc/score.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>

namespace bh::evm {

// A question. It may outlive the call that asks it: it holds what it needs by value.
template <class T>
using Ask = std::function<Result<T>(RpcNode&)>;

class Endpoint {
public:
    Endpoint(std::unique_ptr<Transport> transport, bool votes, const Profile& profile, Clocks clocks, bool alone)
        : node_{std::move(transport)}, profile_{profile}, votes_{votes}, clocks_{clocks}, score_{clocks, alone} {}

    // The answer, counted. Before the first one the endpoint must say that it serves the chain: "wrong_chain".
    template <class T>
    Result<T> ask(const Ask<T>& question) {
        if (auto rests = score_.rests(node_.label())) return *std::move(rests);
        const std::int64_t start = clocks_.steady_ms();
        const Status right = right_chain();
        Result<T> answer = right ? question(node_) : Result<T>{right.failure()};
        if (answer) {
            score_.answered(clocks_.steady_ms() - start);
        } else {
            score_.failed(answer.failure());
        }
        return answer;
    }

    // As the last frame of a thread: what is thrown is an answer, too.
    template <class T>
    Result<T> try_ask(const Ask<T>& question) noexcept {
        try {
            return ask(question);
        } catch (const std::exception&) {
            return Failure{BH_E_INTERNAL, "exception", "the plugin failed while it asked " + name(), 0};
        }
    }

    // The endpoint says that it serves `chain_id`.
    Status check_chain(std::uint64_t chain_id);

    [[nodiscard]] const std::string& name() const { return node_.label(); }
    [[nodiscard]] bool votes() const { return votes_; }
    Score& score() { return score_; }
    void interrupt() { node_.interrupt(); }

    // Logs that it did not give when it should have: asked for again later, to tell late from lying.
    struct Omission {
        Hash block;
        std::uint64_t height = 0;
        std::vector<Address> addresses;
        std::uint32_t index = 0;
    };
    void remember(Omission omission);
    std::optional<Omission> take_omission();

private:
    Status right_chain();

    RpcNode node_;
    const Profile& profile_;
    const bool votes_;
    const Clocks clocks_;
    Score score_;
    std::atomic<bool> chain_known_{false};
    std::mutex omissions_mutex_;
    std::vector<Omission> omissions_;
    std::int64_t next_recheck_ms_ = 0;
};

template <class T>
struct Said {
    Endpoint* by;
    Result<T> answer;
};

class Endpoints {
public:
    struct Source {
        std::unique_ptr<Transport> transport;
        bool votes = true;
    };
    Endpoints(std::vector<Source> sources, Profile profile, Clocks clocks);
    // Ends requests that are running.
    ~Endpoints();
    Endpoints(const Endpoints&) = delete;
    Endpoints& operator=(const Endpoints&) = delete;

    [[nodiscard]] bool alone() const { return list_.size() == 1; }
    [[nodiscard]] std::span<const std::unique_ptr<Endpoint>> all() const { return list_; }
    // The only one's name, or what they are called together.
    [[nodiscard]] const std::string& label() const { return alone() ? list_.front()->name() : label_; }
    // Those to ask: not resting; and neither owing an older answer nor doubted, unless fewer than `least` that vote
    // would be left: what they say still has to be what others say.
    [[nodiscard]] std::vector<Endpoint*> ready(bool voters_only, std::size_t least) const;

    // Returns when all have answered, a moment after `enough` holds, or when `patience` is over.
    template <class T>
    std::vector<Said<T>> gather(const std::vector<Endpoint*>& whom, const Ask<T>& question,
                                const std::function<bool(const std::vector<Said<T>>&)>& enough,
                                std::chrono::milliseconds patience = std::chrono::hours{1});

    // Without waiting.
    void start(std::function<void()> work) { crew_.start(std::move(work)); }

private:
    static constexpr std::chrono::milliseconds kGrace{250};

    const Profile profile_;
    const std::string label_;
    std::vector<std::unique_ptr<Endpoint>> list_;
    Crew crew_;  // ends before the list
};

template <class T>
std::vector<Said<T>> Endpoints::gather(const std::vector<Endpoint*>& whom, const Ask<T>& question,
                                       const std::function<bool(const std::vector<Said<T>>&)>& enough,
                                       std::chrono::milliseconds patience) {
    struct Round {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<Said<T>> said;
        std::vector<Endpoint*> owing;
        bool over = false;
    };
    const auto round = std::make_shared<Round>();
    round->owing = whom;
    for (Endpoint* endpoint : whom) {
        crew_.start([round, endpoint, question] {
            Result<T> answer = endpoint->try_ask(question);
            const std::lock_guard lock{round->mutex};
            if (round->over) {
                endpoint->score().late(false);
                return;
            }
            std::erase(round->owing, endpoint);
            round->said.push_back({endpoint, std::move(answer)});
            round->changed.notify_one();
        });
    }
    std::unique_lock lock{round->mutex};
    if (round->changed.wait_for(lock, patience, [&] { return round->owing.empty() || enough(round->said); })) {
        round->changed.wait_for(lock, kGrace, [&] { return round->owing.empty(); });
    }
    round->over = true;
    for (Endpoint* endpoint : round->owing) endpoint->score().late(true);
    return std::move(round->said);
}

}  // namespace bh::evm
