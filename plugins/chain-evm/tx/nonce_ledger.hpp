// Which transaction of the agent owns which nonce, kept in the kernel's store, so that concurrent jobs and a restart
// never give one nonce to two of them. One object per instance; safe on any thread.
#pragma once

#include "plugins/chain-evm/rpc/node.hpp"
#include "plugins/chain-evm/services/services.hpp"

#include <mutex>

namespace bh::evm {

struct NonceEntry {
    std::string op;       // op_id of the job; empty: nobody's, filled by an empty transfer
    std::string saved;    // the checkpoint with what was signed; empty: reserved, nothing signed
    std::int64_t at = 0;  // Unix seconds of the last change
};

class NonceLedger {
public:
    NonceLedger(const Services& services, const Address& agent);

    // The lowest nonce that the account can use next and nobody owns; the same again for an op that owns one and has
    // signed nothing. Durable when it returns.
    Result<std::uint64_t> reserve(const std::string& op, const Node::Nonces& nonces, std::int64_t now);
    // What was signed for a nonce.
    Status record(std::uint64_t nonce, const std::string& op, const std::string& checkpoint, std::int64_t now);
    // The checkpoint of an op that signed for a nonce from `latest` on: its job lost it, and it can still be mined.
    Result<std::optional<std::string>> saved(const std::string& op, std::uint64_t latest);
    Status release(std::uint64_t nonce, const std::string& op);

    Result<std::optional<NonceEntry>> entry(std::uint64_t nonce);
    // Takes a nonce that nothing was signed for away from its owner, if it is older than `before`; then it is nobody's.
    // True if it is nobody's now.
    Result<bool> abandon(std::uint64_t nonce, std::int64_t before, std::int64_t now);

    // Removes what is below a final nonce: it can't be used again.
    Status forget_below(std::uint64_t final_nonce);

private:
    [[nodiscard]] std::string key(std::uint64_t nonce) const;
    Result<std::map<std::uint64_t, NonceEntry>> read_all();
    Result<std::optional<NonceEntry>> read(std::uint64_t nonce);
    Status write(std::uint64_t nonce, const NonceEntry& entry);

    const Services& services_;
    const std::string prefix_;
    std::mutex mutex_;
};

}  // namespace bh::evm
