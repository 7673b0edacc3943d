// The chain as several endpoints see it: each answer is one that `agree` of those that vote gave alike. Which logs
// there are is proven where they differ (proof/block_proof.hpp), so that of those who give logs nobody need be honest
// as long as the headers are; whoever lied is named in its score. With one endpoint it is that endpoint. Safe on any
// thread; cheap to copy.
#pragma once

#include "plugins/chain-evm/chain/config.hpp"
#include "plugins/chain-evm/rpc/endpoints.hpp"

#include <map>

namespace bh::evm {

class Quorum final : public Node {
public:
    Quorum(Endpoints& endpoints, std::uint32_t agree, ProofMode proof)
        : endpoints_{&endpoints}, agree_{agree}, proof_{proof} {}

    // The same endpoints with another number that must agree.
    [[nodiscard]] Quorum with(std::uint32_t agree) const { return {*endpoints_, agree, proof_}; }

    // The highest head that `agree` endpoints have, the same for safe and finalized.
    Result<Tips> tips(bool finality_tags) override;
    Result<std::uint64_t> chain_id() override;
    Result<std::vector<std::optional<Header>>> headers(std::span<const std::uint64_t> numbers) override;
    Result<LogsAnswer> logs(std::span<const Address> addresses, std::uint64_t from, std::uint64_t to) override;
    Result<LogsAnswer> logs_of_block(std::span<const Address> addresses, const Hash& block) override;
    Result<CallsAnswer> calls_at(std::span<const Call> calls, const Hash& block, std::uint64_t number) override;
    Result<Bytes> code_at(const Address& account, std::uint64_t number) override;
    Result<Uint256> balance_at(const Address& account, std::uint64_t number) override;
    Result<std::uint64_t> nonce_at(const Address& account, std::uint64_t number) override;
    // The highest that `agree` endpoints are at or above.
    Result<Nonces> nonces(const Address& account) override;
    Result<Estimate> estimate(const Address& from, const std::optional<Address>& to, const Bytes& data) override;
    Result<FeeHistory> fees() override;  // the median
    // To all of them; taken if one takes it.
    Result<BroadcastResult> broadcast(const Bytes& raw) override;
    Result<std::vector<std::optional<TxReceipt>>> receipts(std::span<const Hash> hashes) override;
    Result<std::vector<bool>> known(std::span<const Hash> hashes) override;
    Result<std::vector<Bytes>> inputs(std::span<const Hash> hashes) override;
    [[nodiscard]] const std::string& label() const override;

private:
    struct Question;  // about logs; quorum_logs.cpp

    template <class T>
    Result<T> agreed(const char* what, const Ask<T>& question, const std::function<std::string(const T&)>& key,
                     std::uint64_t height);
    // The answers of those that vote, at least `agree` of them.
    template <class T>
    Result<std::vector<Said<T>>> votes(const Ask<T>& question);
    template <class T>
    [[nodiscard]] Failure too_few(const std::vector<Said<T>>& said) const;
    [[nodiscard]] Failure disagree(const std::string& what) const;
    [[nodiscard]] Endpoint& only() const { return *endpoints_->all().front(); }

    struct Vote {
        Endpoint* by;
        Tips tips;
    };
    Result<Header> agreed_head(const std::vector<Vote>& votes);
    std::optional<Header> agreed_tag(const std::vector<Vote>& votes, std::optional<Header> Tips::* tag);
    void look_for_late_logs();

    Result<LogsAnswer> agreed_logs(Question question);
    std::optional<std::vector<Log>> truth_of(const Question& question, const Header& header);
    Result<LogsAnswer> judge(const Question& question, const std::vector<Said<LogsAnswer>>& said, const Header& last);
    Result<LogsAnswer> outvote(const std::vector<Said<LogsAnswer>>& said, const Header& last);

    Endpoints* endpoints_;
    std::uint32_t agree_;
    ProofMode proof_;
};

}  // namespace bh::evm
