// The canonical form of a state: what decides how it goes on. Times are relative to their clocks, heights to the head;
// what nobody reads any more (audit, stages, amounts of money, old logs) is left out. Two states with one digest go on
// alike; the explorer proves it of a sample by replaying whole paths.
#include "tests/model/system.hpp"

#include <charconv>

namespace bh::life::model {
namespace {

constexpr std::int64_t kDue = 0;          // a timer that has passed is due
constexpr std::int64_t kChainMemory = 4;  // seconds of chain time after which an end is over for everybody
constexpr std::int64_t kDeep = 5;         // blocks that a reorganisation can take back, and one

void add(Digest& d, const Order& o, std::int64_t now) {
    d.add((o.exists ? 1U : 0U) | (o.delivered ? 2U : 0U) | (o.declined ? 4U : 0U) | (o.refunded ? 8U : 0U) |
          (o.cancelled ? 16U : 0U) | (o.by_owner ? 32U : 0U) | (o.closed ? 64U : 0U) | (o.burned ? 128U : 0U));
    if (!o.exists) return;
    d.add(o.purchase);
    d.add(o.owner);
    if (o.open()) {
        d.since(o.bought, now, kWindow * 2);
    } else if (!o.closed) {
        d.since(o.expires, now, kGrace + kChainMemory);
        d.since(o.grace_ends, now, kChainMemory);
    }
}

void add(Digest& d, const World& w) {
    const ChainBlock& head = w.head();
    for (const ChainBlock& block : w.blocks) {
        if (head.height - block.height > kDeep) continue;
        d.add(head.height - block.height);
        d.add(block.branch);
        for (const Order& o : block.contract.orders) add(d, o, head.time);
        d.add(block.contract.agent_nonce);
    }
    for (const Log& log : w.logs) {
        d.add(log.act);
        d.add(log.id);
        d.since(log.height + 1, head.height, kDeep);
        if (head.height - log.height <= kDeep) d.add(log.branch);
    }
    for (const Tx& tx : w.txs) {
        // What is deep in the chain, or was a user's and is gone, comes up no more.
        const bool in_block = tx.state == Tx::State::mined || tx.state == Tx::State::reverted;
        if (!tx.agent && in_block && head.height - tx.height > kDeep) continue;
        d.add(tx.state);
        d.add(tx.act);
        d.add(tx.id);
        d.add(tx.order);
        d.add(tx.op_id);
        d.add(tx.reported);
        if (tx.agent) d.add(tx.nonce);
        if (in_block) d.since(tx.height + 1, head.height, kDeep);
    }
    for (const VmObject& vm : w.vms) {
        d.add(vm.op_id);
        d.add(vm.address);
        d.add(vm.running);
        d.add(vm.statement != 0);
    }
    for (const VolumeObject& volume : w.volumes) d.add(volume.op_id);
    for (const Binding& binding : w.bindings) {
        d.add(binding.owner);
        d.add(binding.blocked);
    }
    for (const LateCreate& late : w.late) {
        d.add(late.is_vm);
        d.since(late.at_ms, w.monotonic_ms, kDue);
    }
    d.since(w.lie_until_ms, w.monotonic_ms, kDue);
    if (w.lie_until_ms > w.monotonic_ms) d.add(w.lie);
    d.add(w.delegation_op.empty());
    d.add(w.script);
    d.add(w.quiet);
    d.add(w.parked_for);
    d.add(w.restored);
    d.add(w.boot);
}

std::int64_t number_in(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

void add(Digest& d, const SubscriptionRow& row, const World& w) {
    const std::int64_t chain_now = w.head().time;
    d.add(row.id);
    d.add(row.tx);
    d.add(row.purchase);
    add_position(d, row.purchased_at.id, row.purchased_at.height, w.head().height);
    d.add(row.owner);
    d.add(row.state);
    d.add(row.reason);
    d.add(row.close_tx.empty());
    d.add(row.restarts);
    const bool waits = is_undelivered(row.state) || row.state == State::held || row.state == State::refunded ||
                       row.state == State::rolled_back;
    d.since(row.purchased_time.seconds, chain_now, waits ? kWindow * 2 : 0);
    d.since(row.window_ends.seconds, chain_now, waits ? kWindow : 0);
    d.since(row.expires_at.seconds, chain_now, kGrace + kChainMemory);
    d.since(row.grace_ends.seconds, chain_now, kChainMemory);
    d.since(row.due_at.seconds, chain_now, kFinalDepth);
    d.since(row.wake_ms, w.wall_ms, kDue);
    d.since(row.undo_until_ms, w.wall_ms, kDue);
}

void add(Digest& d, const JobRow& job, const World& w, std::int64_t most_ms) {
    d.add(job.row);
    d.add(job.step);
    // Epochs that are times: as far from now as they are.
    if (const std::int64_t time = number_in(job.epoch); time > 0) {
        d.since(time, w.head().time, kGrace + kChainMemory + kPaid);
    } else {
        d.add(job.epoch);
    }
    d.add(job.state);
    d.add(job.consumed);
    d.add(job.reopened);
    d.add(job.checkpoint.size());
    for (const std::uint8_t byte : job.checkpoint) d.add(byte);
    // What a job counts is over when it is consumed: ordered again, it counts anew.
    if (!job.consumed) {
        d.add(std::min<std::uint32_t>(job.attempt, 2));
        d.add(job.exhausted);
        d.add(job.looks);
        d.since(job.not_before_ms, w.wall_ms, kDue);
        d.since(job.waiting_since_ms, w.wall_ms, most_ms);
        d.add(job.last_reason);
    }
    d.since(job.unsettled_until_ms, w.wall_ms, kDue);
}

void add(Digest& d, const Tables& t, const World& w, std::int64_t most_ms) {
    const std::uint64_t head = w.head().height;
    for (const auto& cursor : t.cursors) {
        const std::size_t colon = cursor->cursor.find(':');
        const std::int64_t polled = colon == std::string::npos ? 0 : number_in(cursor->cursor.substr(colon + 1));
        d.add(std::string_view{cursor->cursor}.substr(0, colon));
        d.since(polled + 1, static_cast<std::int64_t>(head), kDeep);
        add_position(d, cursor->final.position.id, cursor->final.position.height, head);
        add_position(d, cursor->head.position.id, cursor->head.position.height, head);
        d.add(cursor->parked_destruction);
    }
    for (const auto& event : t.events) {
        d.add(event->type);
        d.add(event->tx);
        const auto cursor = std::find_if(t.cursors.begin(), t.cursors.end(),
                                         [&](const auto& each) { return each->instance == event->instance; });
        const bool is_final = cursor != t.cursors.end() && event->position.height < (*cursor)->open_from;
        d.add(event->status == EventState::seen && is_final ? EventState::final : event->status);
        add_position(d, event->position.id, event->position.height, head);
    }
    for (const auto& row : t.subscriptions) add(d, *row, w);
    for (const auto& job : t.jobs) add(d, *job, w, most_ms);
    for (const auto& capacity : t.capacities) {
        d.add(capacity->plan);
        d.add(capacity->want);
        d.add(std::min<std::uint32_t>(capacity->attempt, 2));
        d.add(capacity->done);
        d.since(capacity->not_before_ms, w.wall_ms, kDue);
    }
    for (const auto& vm : t.vms) {
        d.add(vm->op_id);
        d.add(vm->row);
        d.add(vm->host_key.empty());
    }
    for (const auto& volume : t.volumes) {
        d.add(volume->op_id);
        d.add(volume->row);
    }
    for (const auto& delegation : t.delegations) d.add(delegation->usable);
    for (const auto& address : t.addresses) {
        d.add(address->address);
        d.add(address->row);
    }
    for (const auto& credential : t.credentials) {
        d.add(credential->row);
        d.add(credential->tx.empty());
    }
    for (const auto& statement : t.statements) {
        d.add(statement->row);
        d.since(statement->next_ms, w.wall_ms, kDue);
    }
    for (const auto& parked : t.parked) {
        d.add(parked->instance);
        d.since(parked->next_check_ms, w.wall_ms, kDue);
    }
    for (const auto& alarm : t.alarms) {
        d.add(alarm->subject);
        d.add(alarm->reason);
    }
    const auto boot = t.meta.find("boot_id");
    d.add(boot == t.meta.end() ? std::string{} : boot->second);
}

}  // namespace

std::uint64_t System::digest() const {
    Digest d;
    d.add(down_for_);
    add(d, world_);
    add(d, *tables_, world_, config_.backoff_max_ms);
    d.add(engine_ != nullptr);
    if (engine_) {
        EngineSnapshot::of(*engine_).digest(d, world_.wall_ms, world_.monotonic_ms, world_.head().height,
                                            world_.head().time);
    }
    return d.value();
}

}  // namespace bh::life::model
