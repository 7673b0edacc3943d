// Engine: start. It derives before it acts (LIFECYCLE.md section 5): the chains are read to their newest final
// position, then what exists is listed, then each unfinished row is derived; only then jobs run. The same with an empty
// database: what exists is matched by its tags.
#include "kernel/lifecycle/engine.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/assign.hpp"

#include <algorithm>
#include <charconv>

namespace bh::life {
namespace {

constexpr std::int64_t kListRetryMs = 1000;
constexpr std::string_view kSubscription = "subscription:";

Result<std::vector<Delegation>> all_delegations(Ipv6Port& port) {
    std::vector<Delegation> all;
    std::string page;
    for (std::size_t n = 0; n < kMaxPages; ++n) {
        auto got = port.delegation_list(page);
        if (!got) return got.failure();
        for (auto& each : got->delegations) all.push_back(std::move(each));
        if (got->next.empty()) return all;
        page = got->next;
    }
    return Failure{BH_E_INTERNAL, "endless_list", "a plugin's list has no end", 0};
}

// The unfinished row whose purchase made an object with these tags.
std::optional<SubscriptionRow> row_of(Tx& tx, const std::string& instance, const Tags& tags, Step step,
                                      const std::string& created_by) {
    const std::size_t colon = tags.epoch.rfind(':');
    if (!tags.subject.starts_with(kSubscription) || colon == std::string::npos) return std::nullopt;
    std::uint32_t ordinal = 0;
    const char* end = tags.epoch.data() + tags.epoch.size();
    if (std::from_chars(tags.epoch.data() + colon + 1, end, ordinal).ptr != end) return std::nullopt;
    auto row = subscription_by_purchase(tx, instance, tags.subject.substr(kSubscription.size()),
                                        tags.epoch.substr(0, colon), ordinal);
    if (!row || row->chain != tags.chain || row->contract != tags.contract || row->state == State::ended)
        return std::nullopt;
    if (op_id_of(*row, step, tags.epoch) != created_by) return std::nullopt;
    return row;
}

void orphan(Tx& tx, const std::string& what, const std::string& id) {
    raise_alarm(tx, "orphan:" + id, "orphan",
                what + " " + id + " carries our tag, but its order is on no chain: it is kept");
}

void keep_vm(Tx& tx, const std::string& instance, const std::string& storage, const Vm& vm,
             const std::optional<SubscriptionRow>& row) {
    const std::int64_t number = row ? row->row : 0;
    save_vm(tx, {vm.created_by, number, instance, vm.vm, vm.name, vm.tap, vm.mac, vm.address, "", "", tx.now_ms()});
    std::string delegation;
    for (const auto& each : delegations(tx)) {
        if (prefix_contains(each.prefix, vm.address)) delegation = each.op_id;
    }
    // Its address stays its own, an orphan's, too.
    if (!(row && address_of(tx, number))) {
        const auto address = canonical_address(vm.address);
        if (address) assign_address(tx, {*address, delegation, vm.name, instance, storage, number});
    }
    append_audit(tx, "kernel", row ? "adopt" : "orphan", row ? subject_of(*row) : "host", "vm " + vm.created_by);
}

}  // namespace

void Engine::begin_recovery() {
    recovering_ = true;
    ++recovery_;
    listed_.clear();
    inventory_ = {};
    lost_ = {};
    guard_.forget_all();
    // A poll that is on its way may be older than what asked for this: the one after it counts.
    for (auto& [name, slot] : chains_) {
        slot.caught_up = false;
        slot.next_poll_ms = 0;
        slot.again = slot.polling;
    }
}

bool Engine::recover_step() {
    for (const auto& [name, slot] : chains_) {
        if (!slot.caught_up) return false;  // poll_chains() is at it
    }
    // A list is taken when no verb changes what it lists.
    if (!running_.empty()) return false;
    bool started = false;
    const auto list = [&](const std::string& what, auto work, const auto& keep) {
        if (started || listed_.contains(what) || listing_.contains(what) || next_list_ms_[what] > now()) return;
        started = true;
        listing_.insert(what);
        post([this, what, work, keep, recovery = recovery_]() -> Done {
            auto got = work();
            return [this, what, keep, recovery, got = std::move(got)]() mutable -> Status {
                listing_.erase(what);
                if (recovery != recovery_) return {};
                if (got) {
                    keep(std::move(*got));
                    listed_.insert(what);
                } else {
                    next_list_ms_[what] = now() + kListRetryMs;
                }
                return {};
            };
        });
    };
    list("anchors", [this] { return compare_with_anchors(); }, [this](LostJournal lost) { lost_ = std::move(lost); });
    for (auto& [name, port] : ports_.hypervisors) {
        list(
            "vms:" + name, [port = port] { return all_vms(*port); },
            [this, name = name](std::vector<Vm> vms) { inventory_.vms[name] = std::move(vms); });
    }
    for (auto& [name, port] : ports_.storages) {
        list(
            "volumes:" + name, [port = port] { return all_volumes(*port); },
            [this, name = name](std::vector<Volume> volumes) { inventory_.volumes[name] = std::move(volumes); });
    }
    for (auto& [name, port] : ports_.ipv6) {
        list(
            "delegations:" + name, [port = port] { return all_delegations(*port); },
            [this, name = name](std::vector<Delegation> all) { inventory_.delegations[name] = std::move(all); });
    }
    if (started) return true;
    if (listed_.size() < 1 + ports_.hypervisors.size() + ports_.storages.size() + ports_.ipv6.size()) return false;
    if (const Status done = reconcile(); !done) {
        stalled_until_ms_ = now() + kListRetryMs;
        return false;
    }
    return true;
}

Status Engine::reconcile() {
    std::vector<SubscriptionRow> unfinished;
    auto written = journal_.write("reconcile", [&](Tx& tx) -> Status {
        if (auto noted = note_lost_journal(tx); !noted) return noted;
        for (const auto& [instance, all] : inventory_.delegations) {
            const auto known = delegations(tx);
            for (const auto& each : all) {
                const bool have = std::any_of(known.begin(), known.end(),
                                              [&](const auto& row) { return row.op_id == each.created_by; });
                if (have || each.tags.subject != "host") continue;
                std::string reserved;
                for (const auto& address : each.reserved) reserved += (reserved.empty() ? "" : " ") + address;
                save_delegation(
                    tx, {each.created_by, each.tags.epoch, instance, each.delegation, each.prefix, each.mode,
                         each.uplink, reserved, each.expires_at, each.expires_at.seconds > 0 ? tx.now_ms() : 0, true});
            }
        }
        for (const auto& [instance, vms] : inventory_.vms) {
            for (const auto& vm : vms) {
                const auto known = vm_by_op_id(tx, vm.created_by);
                if (known && known->row != 0) continue;
                std::optional<SubscriptionRow> row;
                for (const auto& [name, slot] : chains_) {
                    if (!row) row = row_of(tx, name, vm.tags, Step::vm_create, vm.created_by);
                }
                keep_vm(tx, instance, config_.storage, vm, row);
                if (!row) orphan(tx, "the VM", vm.created_by);
                if (row) clear_alarms(tx, "orphan:" + vm.created_by);
            }
        }
        for (const auto& [instance, volumes] : inventory_.volumes) {
            for (const auto& volume : volumes) {
                const auto known = volume_by_op_id(tx, volume.created_by);
                if (known && known->row != 0) continue;
                std::optional<SubscriptionRow> row;
                for (const auto& [name, slot] : chains_) {
                    if (!row) row = row_of(tx, name, volume.tags, Step::volume_create, volume.created_by);
                }
                save_volume(tx, {volume.created_by, row ? row->row : 0, instance, volume.volume, volume.tags.part,
                                 to_json(volume), tx.now_ms()});
                if (!row) orphan(tx, "the volume", volume.created_by);
                if (row) clear_alarms(tx, "orphan:" + volume.created_by);
            }
        }
        unfinished = unfinished_subscriptions(tx);
        return {};
    });
    if (!written) return written;
    inventory_ = {};
    lost_ = {};
    for (const SubscriptionRow& row : unfinished) {
        underived_.insert(row.row);
        mark_dirty(row);
    }
    recovering_ = false;
    return {};
}

}  // namespace bh::life
