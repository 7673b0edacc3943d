// Treasurer: the transactions that were ordered, one attempt at a time, and the coin that pays for them.
#include "kernel/funds/treasurer.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"

#include <algorithm>

namespace bh::funds {
namespace {

constexpr std::int64_t kIdleMs = 1000, kPendingMs = 1000, kCoinMs = 60'000;
constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint32_t kMostRefusals = 10;  // of a contract, before anything was signed
constexpr const char* kReserve = "gas_reserve";
constexpr const char* kAlarm = "funds";

// Nothing will come of it: it is not tried again. A final revert is the answer to this order; another order is another
// transaction.
bool is_over(const Failure& failure, const life::HostTxRow& row) {
    switch (failure.code) {
        case BH_E_INVALID:
        case BH_E_UNSUPPORTED:
        case BH_E_CONFLICT:
        case BH_E_CANCELLED:
        case BH_E_NOT_FOUND:
            return true;
        default:
            return failure.reason == "would_revert" && row.checkpoint.empty() && row.attempt >= kMostRefusals;
    }
}

// By whatever transaction, what was wanted is so.
bool is_done(const Failure& failure) { return failure.code == BH_E_CONFLICT && failure.reason == "already_so"; }

}  // namespace

std::int64_t Treasurer::step() {
    if (recovering_()) return kIdleMs;
    std::int64_t wait = kIdleMs;
    if (run_due(wait)) return 0;
    watch_coin();
    return wait;
}

bool Treasurer::run_due(std::int64_t& wait) {
    std::optional<life::HostTxRow> due;
    Position final_at;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        const auto cursor = life::cursor_of(tx, instance_);
        // After a rollback below a final position nothing is sent until somebody has looked.
        if (!cursor || cursor->parked_destruction) return {};
        final_at = cursor->final.position;
        for (const auto& parked : life::parked_instances(tx)) {
            if (parked.instance == instance_) return {};
        }
        for (auto& row : life::open_host_txs(tx, instance_)) {
            const std::int64_t left = row.not_before_ms - tx.now_ms();
            if (left > 0) {
                wait = std::min(wait, left);
            } else if (!due || row.not_before_ms < due->not_before_ms) {
                due = std::move(row);
            }
        }
        return {};
    });
    if (!read || !due) return false;
    run(std::move(*due), final_at);
    return true;
}

void Treasurer::run(life::HostTxRow row, const Position& final_at) {
    const auto started = journal_.write("run/" + row.action, [&](life::Tx& tx) -> Status {
        ++row.attempt;
        // Whatever happens to this attempt, the next one is not at once.
        row.not_before_ms = tx.now_ms() + kPendingMs;
        life::save_host_tx(tx, row);
        return {};
    });
    if (!started) return;
    life::Call call;
    call.op_id = row.op_id, call.trace_id = row.subject + "/" + row.action, call.attempt = row.attempt;
    call.checkpoint = row.checkpoint, call.cancel = &cancel_;
    call.deadline_ns = ports_.clock.monotonic_ns() + static_cast<std::uint64_t>(timing_.short_deadline_ms) * kNsPerMs;
    call.save = [this, &row](const Bytes& bytes) -> Status {
        return journal_.write("save/" + row.action, [&](life::Tx& tx) -> Status {
            life::save_host_tx_checkpoint(tx, row.op_id, bytes);
            return {};
        });
    };
    const auto intent = parse_intent(row.intent);
    auto chain = life::port_of(ports_.chains, instance_);
    const auto submit = [&]() -> Result<Receipt> {
        if (!intent) return intent.failure();
        if (!chain) return chain.failure();
        return (*chain)->submit(call, *intent, final_at);
    };
    const auto receipt = submit();
    ports_.boundaries.at("effect/" + row.action);
    // A journal that refuses is asked again by the next attempt, which looks first.
    (void)settle(row.op_id, receipt);
}

Status Treasurer::settle(const std::string& op_id, const Result<Receipt>& receipt) {
    const bool pending = !receipt && receipt.failure().code == BH_PENDING;
    return journal_.write(pending ? "host_tx/waiting" : "host_tx/answered", [&](life::Tx& tx) -> Status {
        auto row = life::host_tx(tx, op_id);
        if (!row || row->done || row->failed) return {};
        const std::string subject = "chain:" + instance_;
        const std::string what = row->action + " of " + row->subject;
        if (pending) {
            row->not_before_ms = tx.now_ms() + std::max<std::int64_t>(kPendingMs, receipt.failure().retry_after_ms);
        } else if (receipt || is_done(receipt.failure())) {
            row->done = true, row->last_error.clear();
            if (receipt) {
                row->tx = receipt->tx;
                life::save_fee(tx,
                               {0, instance_, receipt->tx, row->op_id, row->action, receipt->fee.units, receipt->time});
            }
            life::clear_alarms(tx, subject, kAlarm);
            life::append_audit(tx, "kernel", row->action + "_done", row->subject, row->op_id + " " + row->tx);
        } else {
            const Failure& failure = receipt.failure();
            row->last_error = failure.message;
            row->failed = is_over(failure, *row);
            row->not_before_ms =
                tx.now_ms() + (failure.code == BH_E_INTERRUPTED
                                   ? 0
                                   : std::clamp<std::int64_t>(failure.retry_after_ms, timing_.backoff_min_ms,
                                                              timing_.backoff_max_ms));
            if (failure.code == BH_E_DENIED || failure.code == BH_E_NO_FUNDS)
                row->not_before_ms = tx.now_ms() + timing_.backoff_max_ms;
            if (failure.code != BH_E_INTERRUPTED) {
                life::raise_alarm(tx, subject, kAlarm,
                                  what + (row->failed ? " failed: " : " is tried again: ") + failure.message);
            }
            if (row->failed) {
                life::append_audit(tx, "kernel", row->action + "_failed", row->subject,
                                   row->op_id + " " + failure.reason);
            }
        }
        life::save_host_tx(tx, *row);
        return {};
    });
}

// The coin is looked at now and then: what a delivery costs changes, and who sends coins does not say so.
void Treasurer::watch_coin() {
    const std::int64_t now = ports_.clock.unix_ms();
    if (now < next_coin_ms_ && next_coin_ms_ <= now + kCoinMs) return;
    next_coin_ms_ = now + kCoinMs;
    auto chain = life::port_of(ports_.chains, instance_);
    if (!chain) return;
    auto coin = host_coin(journal_, **chain, config_, instance_);
    // A chain that can't be asked has an alarm of its own.
    if (!coin) return;
    if (coin->account.empty()) coin->account = "agent";
    const std::string subject = "chain:" + instance_;
    bool standing = false;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        const auto all = life::alarms(tx);
        standing = std::ranges::any_of(
            all, [&](const life::AlarmRow& row) { return row.subject == subject && row.reason == kReserve; });
        return {};
    });
    if (!read || (!standing && !coin->low())) return;
    (void)journal_.write([&](life::Tx& tx) -> Status {
        if (coin->low()) {
            life::raise_alarm(tx, subject, kReserve, coin->text());
        } else {
            life::clear_alarms(tx, subject, kReserve);
        }
        if (coin->low() != standing) {
            life::append_audit(tx, "kernel", coin->low() ? "gas_reserve_low" : "gas_reserve_back", subject,
                               coin->coin.text() + " of " + coin->reserve.text());
        }
        return {};
    });
}

}  // namespace bh::funds
