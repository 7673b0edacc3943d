// Resealing: the connection details of a delivered subscription, sealed anew for its present owner, who lost his key or
// got the token by a transfer. An operator orders it (LIFECYCLE.md section 2: its epoch is the command's nonce); it
// changes nothing of the subscription's state, so it is no step of the state table and runs beside the engine.
//
// An order is in the journal's store before anything is done, what was sealed before it is sent, and the transaction's
// checkpoint before it can be mined: after a crash the same transaction goes on. It ends "done", or "refused" where the
// owner has changed or the subscription is over.
//
// A VM that was built anew has another SSH host key: its owner's details are resealed without a command, to the key
// that he asked with last. Where that can't be, an alarm names the command.
//
// Thread-safe: any thread gives orders, one thread calls step().
#pragma once

#include "kernel/journal/journal.hpp"
#include "kernel/lifecycle/config.hpp"
#include "kernel/lifecycle/executor.hpp"
#include "kernel/lifecycle/ports.hpp"

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace bh::reseal {

struct Order {
    std::string nonce, op_id;
    std::int64_t row = 0;
    std::string instance, subscription, owner;
    Bytes request;  // sealed to the server key by, or for, the owner
    Bytes sealed;   // for the owner; empty: not sealed yet
    Bytes checkpoint;
    std::uint32_t attempt = 0;
    std::int64_t ordered_ms = 0, not_before_ms = 0;
    std::string state = "waiting";  // waiting, done, refused
    std::string reason, tx;         // why it waits or was refused; the transaction
    [[nodiscard]] bool waits() const noexcept { return state == "waiting"; }
};

class Reseals {
public:
    // `may_run`: false while the lifecycle derives what is there.
    Reseals(life::Journal& journal, life::Ports& ports, life::EngineConfig config, std::function<bool()> may_run);

    // Who owns this subscription's credential, at the final position and at the head. BH_E_CONFLICT: it is not
    // delivered, is over, or changes hands just now; BH_E_UNSUPPORTED: this contract can't.
    Result<std::string> owner_of(std::int64_t row);
    // BH_E_CONFLICT: another order for it waits, or the nonce was another order's. The same nonce again: that order.
    // BH_E_INVALID: the request does not open, or is not the owner's.
    Result<Order> order(std::int64_t row, const Bytes& request, const std::string& nonce);
    Result<std::vector<Order>> list();
    // Orders what a rebuild asks for (lifecycle/rebuild.hpp), then does at most one thing that is due. False: nothing
    // was.
    bool step();
    // A verb that runs saves and stops; the order goes on after the next start.
    void stop() noexcept { cancel_.cancel(BH_CANCEL_SHUTDOWN); }

private:
    Result<Order> load(const std::string& nonce);
    Status save(const Order& order);
    void advance(Order order);
    void submit(Order& order);
    void settle(Order& order, const Failure& failure);
    bool order_rebuilt();
    void keep_request(const Order& order);
    Result<Bytes> newest_request(const life::SubscriptionRow& row, const std::string& owner);
    Status finish(Order& order, const std::string& state, const std::string& reason, const std::string& tx);
    Result<Bytes> seal(const Order& order);
    void wait(Order& order, const std::string& why, std::int64_t ms);

    life::Journal& journal_;
    life::Ports& ports_;
    life::EngineConfig config_;
    std::function<bool()> may_run_;
    life::CancelToken cancel_;
    std::mutex mutex_;  // of order(): one looks and writes
    std::int64_t next_rebuilt_ms_ = 0;
};

}  // namespace bh::reseal
