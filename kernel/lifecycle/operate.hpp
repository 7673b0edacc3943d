// What an operator may do to a subscription, its jobs and a chain. Each command has a nonce and runs once. Any thread.
#pragma once

#include "kernel/lifecycle/engine.hpp"

namespace bh::life {

struct Command {
    std::string nonce;            // of this command; the same one again is BH_E_CONFLICT
    std::int64_t expires_ms = 0;  // wall clock; 0 = never
    std::int64_t issued_ms = 0;   // wall clock; 0 = now. After `recover` older ones are refused: they may have run
};

// Takes a command inside its transaction: refuses one that has expired, that ran before, or that may have run before
// the journal was recovered; and writes it to the audit log. BH_E_CONFLICT, BH_E_INVALID.
Status take_command(Tx& tx, const Command& command, const std::string& text);

class Operator {
public:
    Operator(Journal& journal, Engine& engine, EngineConfig config, Ports& ports)
        : journal_{journal}, engine_{engine}, config_{std::move(config)}, ports_{ports} {}

    // HELD: derives the subscription's state from the chain and goes on from there.
    Status job_retry(const Command& command, std::int64_t job);
    // HELD: gives the step up. Undelivered: the order is declined. A removal: only with `object_is_gone`, the
    // operator's word that it is not there any more. Else the subscription is derived from the chain without that step.
    Status job_abandon(const Command& command, std::int64_t job, bool object_is_gone);
    // Held, with a held job or without: derives the subscription's state from the chain.
    Status retry(const Command& command, std::int64_t row);
    // Active or held, delivered and paid for, and its VM is lost: a new one is built. Asks the chain and the
    // hypervisors first; BH_E_CONFLICT without `vm_is_gone`, the operator's word, or where one of them has the VM.
    Status rebuild(const Command& command, std::int64_t row, bool vm_is_gone);
    // Derives everything anew, as a start does (Engine::recover).
    Status recover(const Command& command);
    // In the undo window: the VM of a closed subscription is kept, off, for a rescue.
    Status undo(const Command& command, std::int64_t row);
    // After a look at a rollback below a final position: that chain's suspensions, destructions, deliveries and sales
    // go on. BH_E_NOT_FOUND.
    Status accept_reorg(const Command& command, const std::string& instance);
    // An instance that was parked is tried again now.
    Status unpark(const Command& command, const std::string& instance);

private:
    Journal& journal_;
    Engine& engine_;
    EngineConfig config_;
    Ports& ports_;
};

}  // namespace bh::life
