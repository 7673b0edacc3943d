// Engine: what goes on beside the subscriptions' own steps: parked instances, owner statements, the host's delegation.
// Each by a timer of its own.
#include "kernel/lifecycle/engine.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/op_id.hpp"

#include <algorithm>

namespace bh::life {
namespace {

constexpr std::uint32_t kStatementsPerStep = 16;
constexpr std::int64_t kStatementRetryMs = 10'000;
constexpr std::int64_t kFirstStatementRetryMs = 1'000;
constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr const char* kHostSubject = "host";

}  // namespace

// A parked instance's jobs go on when its check passes again.
bool Engine::unpark_instances() {
    std::optional<ParkedRow> due;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        for (auto& parked : parked_instances(tx)) {
            if (parked.next_check_ms <= tx.now_ms() && !checking_.contains(parked.instance)) due = std::move(parked);
        }
        return {};
    });
    if (!read || !due) return false;
    checking_.insert(due->instance);
    post([this, parked = *due]() -> Done {
        Status passed;
        if (const auto chain = ports_.chains.find(parked.instance); chain != ports_.chains.end())
            passed = chain->second->check();
        if (const auto hv = ports_.hypervisors.find(parked.instance); hv != ports_.hypervisors.end())
            passed = hv->second->check();
        if (const auto st = ports_.storages.find(parked.instance); st != ports_.storages.end())
            passed = st->second->check();
        if (const auto v6 = ports_.ipv6.find(parked.instance); v6 != ports_.ipv6.end()) passed = v6->second->check();
        return [this, parked, passed]() mutable -> Status {
            const auto written = journal_.write("unpark", [&](Tx& tx) -> Status {
                if (!passed) {
                    parked.next_check_ms = tx.now_ms() + config_.unpark_ms;
                    save_parked(tx, parked);
                    return {};
                }
                for (JobRow job : parked_jobs(tx, parked.instance)) back_off(tx, job, JobState::queued, 0);
                remove_parked(tx, parked.instance);
                clear_alarms(tx, "instance:" + parked.instance);
                append_audit(tx, "kernel", "unpark", "instance:" + parked.instance, parked.reason);
                return {};
            });
            if (written) checking_.erase(parked.instance);
            return written;
        };
    });
    return true;
}

// The sequence number is stored before the signature exists: one that was ever signed is never used again.
bool Engine::send_statements() {
    struct Order {
        SubscriptionRow row;
        VmRow vm;
        std::uint64_t sequence = 0;
    };
    std::vector<StatementRow> due;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        due = statements_due(tx, tx.now_ms(), kStatementsPerStep);
        return {};
    });
    if (!read) return false;
    for (StatementRow& statement : due) {
        if (stating_.contains(statement.row)) continue;
        std::optional<Order> order;
        const auto taken = journal_.write("statement", [&](Tx& tx) -> Status {
            const auto row = subscription_by_row(tx, statement.row);
            const auto vm = vm_of(tx, statement.row);
            if (!row || !vm || row->state != State::active || !chains_.contains(row->instance)) {
                statement.next_ms = 0;
            } else {
                statement.sequence = std::max(statement.sequence + 1, static_cast<std::uint64_t>(tx.now_ms()));
                statement.next_ms = tx.now_ms() + kStatementRetryMs;
                order = Order{*row, *vm, statement.sequence};
            }
            save_statement(tx, statement);
            return {};
        });
        if (!taken || !order) return !taken.ok() ? false : true;
        const ChainSlot& slot = chains_[order->row.instance];
        stating_.insert(statement.row);
        post([this, order = std::move(*order), final_at = slot.cursor.final, chain_facts = slot.description,
              agree = slot.config.guard_agree]() -> Done {
            const auto issue = [&]() -> Result<std::string> {
                auto chain = port_of(ports_.chains, order.row.instance);
                if (!chain) return chain.failure();
                auto owner = (*chain)->owner_of(order.row.id, final_at.position, agree);
                if (!owner) return owner.failure();
                auto head = (*chain)->owner_of(order.row.id, {}, agree);
                if (!head) return head.failure();
                if (!owner->exists || !head->exists || owner->owner != head->owner || owner->user != head->user) {
                    return Failure{BH_E_UNAVAILABLE, "owner_changing",
                                   "the head names another owner than the final position", 0};
                }
                const std::int64_t issued = ports_.clock.unix_ms() / kMsPerSecond;
                OwnerStatement text{chain_facts.chain,
                                    chain_facts.contract,
                                    order.row.id,
                                    order.vm.name,
                                    chain_facts.signature_schemes.empty() ? "" : chain_facts.signature_schemes.front(),
                                    owner->owner,
                                    owner->user,
                                    owner->position,
                                    order.sequence,
                                    {issued},
                                    {issued + config_.statement_lifetime_s}};
                auto bytes = ports_.vault.sign_statement(text);
                if (!bytes) return bytes.failure();
                auto hypervisor = port_of(ports_.hypervisors, order.vm.instance);
                if (!hypervisor) return hypervisor.failure();
                Call call;
                call.op_id = order.vm.op_id, call.trace_id = subject_of(order.row) + "/statement";
                call.deadline_ns =
                    ports_.clock.monotonic_ns() + static_cast<std::uint64_t>(config_.short_deadline_ms) * kNsPerMs;
                call.save = [](const Bytes&) -> Status { return {}; };  // asked for anew each time
                auto accepted = (*hypervisor)->guest_statement(call, order.vm.vm, *bytes);
                if (!accepted) return accepted.failure();
                if (*accepted < order.sequence) {
                    return Failure{BH_E_UNAVAILABLE, "statement_refused", "the guest kept an older statement", 0};
                }
                return owner->owner;
            };
            return [this, row = order.row.row, id = subject_of(order.row), answer = issue()]() -> Status {
                const auto written = journal_.write("statement_sent", [&](Tx& tx) -> Status {
                    auto statement = statement_of(tx, row);
                    if (!statement || statement->next_ms == 0) return {};
                    if (answer) {
                        statement->next_ms = tx.now_ms() + config_.statement_renew_ms;
                        statement->failing_since_ms = 0;
                        statement->owner = *answer;
                        clear_alarms(tx, id, "statement");
                        mark_stage(tx, row, "statement", tx.now_ms());
                    } else {
                        statement->next_ms =
                            tx.now_ms() + (statement->owner.empty() ? kFirstStatementRetryMs : kStatementRetryMs);
                        if (statement->failing_since_ms == 0) statement->failing_since_ms = tx.now_ms();
                        if (tx.now_ms() - statement->failing_since_ms > config_.alarm_after_ms) {
                            raise_alarm(tx, id, "statement", answer.failure().message);
                        }
                    }
                    save_statement(tx, *statement);
                    return {};
                });
                if (written) stating_.erase(row);
                return written;
            };
        });
        return true;
    }
    return false;
}

// The host's delegation: asked for once, under an epoch that is journalled before the request, and renewed in time.
bool Engine::keep_delegations() {
    const auto port = ports_.ipv6.find(config_.ipv6);
    if (port == ports_.ipv6.end() || delegating_.contains(config_.ipv6) || next_list_ms_["ipv6"] > now()) return false;
    std::optional<DelegationRow> work;
    bool renew = false;
    bool any = false;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        for (const auto& each : delegations(tx)) {
            if (each.instance != config_.ipv6) continue;
            any = true;
            if (!each.usable) work = each;
            if (each.usable && each.renew_ms > 0 && each.renew_ms <= tx.now_ms()) work = each, renew = true;
        }
        return {};
    });
    if (!read) return false;
    if (!any && !chains_.empty()) {
        auto epoch = ports_.clock.random_id();
        if (!epoch) return false;
        const ChainDescription& facts = chains_.at(config_.chains.front().instance).description;
        DelegationRow fresh;
        fresh.epoch = *epoch, fresh.instance = config_.ipv6;
        fresh.op_id = op_id({facts.chain, facts.contract, kHostSubject, "delegation", "", *epoch});
        const auto taken = journal_.write("delegation", [&](Tx& tx) -> Status {
            save_delegation(tx, fresh);
            append_audit(tx, "kernel", "delegation", kHostSubject, fresh.op_id);
            return {};
        });
        if (!taken) return false;
        work = fresh;
    }
    if (!work) return false;
    const ChainDescription chain =
        chains_.empty() ? ChainDescription{} : chains_.at(config_.chains.front().instance).description;
    delegating_.insert(config_.ipv6);
    post([this, port = port->second, row = *work, renew, chain]() -> Done {
        Call call;
        call.op_id = row.op_id, call.trace_id = "host/delegation", call.attempt = 2;  // always look first
        call.deadline_ns =
            ports_.clock.monotonic_ns() + static_cast<std::uint64_t>(config_.long_deadline_ms) * kNsPerMs;
        const std::string key = "checkpoint:" + row.op_id;
        const auto read = journal_.read([&](Tx& tx) -> Status {
            const std::string text = meta(tx, key);
            call.checkpoint.assign(text.begin(), text.end());
            return {};
        });
        call.save = [this, key](const Bytes& bytes) -> Status {
            return journal_.write("save/delegation", [&](Tx& tx) -> Status {
                set_meta(tx, key, std::string{bytes.begin(), bytes.end()});
                return {};
            });
        };
        Result<Delegation> got =
            !read   ? Result<Delegation>{read.failure()}
            : renew ? port->delegation_renew(call, row.delegation)
                    : port->delegation_acquire(call, {0, {chain.chain, chain.contract, kHostSubject, "", row.epoch}});
        ports_.boundaries.at("effect/delegation");
        return [this, row, renew, got = std::move(got)]() mutable -> Status {
            auto written = journal_.write("delegated", [&](Tx& tx) -> Status {
                if (!got) {
                    if (got.failure().code != BH_PENDING)
                        raise_alarm(tx, "instance:" + row.instance, "delegation", got.failure().message);
                    // Forgotten by its provider: acquired again, under a new epoch.
                    if (renew && got.failure().code == BH_E_NOT_FOUND) {
                        auto epoch = ports_.clock.random_id();
                        if (!epoch) return epoch.failure();
                        row.renew_ms = 0;
                        save_delegation(tx, row);
                        row.epoch = *epoch;
                        const ChainDescription& facts = chains_.at(config_.chains.front().instance).description;
                        row.op_id = op_id({facts.chain, facts.contract, kHostSubject, "delegation", "", *epoch});
                        row.usable = false;
                        save_delegation(tx, row);
                    }
                    return {};
                }
                clear_alarms(tx, "instance:" + row.instance, "delegation");
                row.delegation = got->delegation, row.prefix = got->prefix, row.mode = got->mode,
                row.uplink = got->uplink;
                row.reserved.clear();
                for (const auto& address : got->reserved) row.reserved += (row.reserved.empty() ? "" : " ") + address;
                row.expires_at = got->expires_at;
                // Renewed at half of what is left.
                const std::int64_t left = got->expires_at.seconds * kMsPerSecond - tx.now_ms();
                row.renew_ms =
                    got->expires_at.seconds > 0 ? tx.now_ms() + std::max(left / 2, config_.backoff_min_ms) : 0;
                row.usable = true;
                save_delegation(tx, row);
                append_audit(tx, "kernel", "delegated", kHostSubject, row.prefix);
                return {};
            });
            if (!written) return written;
            delegating_.erase(config_.ipv6);
            next_list_ms_["ipv6"] =
                now() + (got ? 0 : std::max<std::int64_t>(config_.backoff_min_ms, got.failure().retry_after_ms));
            return {};
        };
    });
    return true;
}

}  // namespace bh::life
