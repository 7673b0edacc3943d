#include "kernel/funds/outages.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/work.hpp"

#include <algorithm>
#include <set>

namespace bh::funds {
namespace {

constexpr std::int64_t kMsPerSecond = 1000, kDay = 86'400, kHeartbeatS = 60;
constexpr const char* kAlive = "outage_alive_s";  // meta: when all VMs were last looked at
constexpr const char* kBoot = "outage_boot_id";   // meta: and in which boot

std::int64_t number_of(const std::string& text) { return text.empty() ? 0 : std::stoll(text); }

const Vm* find_vm(const std::vector<Vm>& all, const std::string& op_id) {
    const auto found = std::ranges::find(all, op_id, &Vm::created_by);
    return found == all.end() ? nullptr : &*found;
}

// Off, and not by its tenant. Unknown and paused say nothing.
bool is_our_doing(const Vm* vm) { return vm == nullptr || (vm->state == "stopped" && vm->stopped_by != "guest"); }

}  // namespace

Outages::Outages(life::Journal& journal, life::Ports& ports, Config config, Treasurers treasurers,
                 std::function<bool()> recovering)
    : journal_{journal},
      ports_{ports},
      config_{std::move(config)},
      treasurers_{std::move(treasurers)},
      recovering_{std::move(recovering)} {}

// To look does no harm while the host derives its state anew, and is worth most before what stopped is started again.
void Outages::step() {
    if (look() && config_.credit_outages && !recovering_()) credit();
}

// Only what is not as it should be is looked up in the journal; all of it after a boot, and once in each process.
bool Outages::look() {
    Listed listed;
    for (const auto& [instance, port] : ports_.hypervisors) {
        if (auto all = life::all_vms(*port)) listed[instance] = std::move(*all);
    }
    if (listed.empty()) return false;
    const std::int64_t now_s = ports_.clock.unix_ms() / kMsPerSecond;
    const std::string boot = ports_.clock.boot_id();
    const bool all_answered = listed.size() == ports_.hypervisors.size();
    Moment at{now_s, 0, false};
    std::vector<life::VmRow> suspects;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        at.alive_s = number_of(life::meta(tx, kAlive));
        at.rebooted = life::meta(tx, kBoot) != boot;
        suspects = looked_ && !at.rebooted ? suspects_in(tx, listed) : life::list_vms(tx);
        return {};
    });
    if (!read) return false;
    // Each minute is enough: in between this process knows better, and after it the difference is in the buyer's
    // favour.
    const bool beat = all_answered && (at.rebooted || now_s - at.alive_s >= kHeartbeatS || at.alive_s > now_s);
    if (beat || !suspects.empty()) {
        const auto written = journal_.write([&](life::Tx& tx) -> Status {
            for (const auto& vm : suspects) {
                const auto all = listed.find(vm.instance);
                if (all != listed.end() && vm.row != 0) look_at(tx, vm, all->second, at);
            }
            if (beat) {
                life::set_meta(tx, kAlive, std::to_string(now_s));
                life::set_meta(tx, kBoot, boot);
            }
            return {};
        });
        if (!written) return false;
    }
    looked_ = looked_ || all_answered;
    for (const auto& [instance, all] : listed) {
        std::erase_if(seen_, [&](const auto& seen) { return seen.second.instance == instance; });
        for (const auto& vm : all) {
            if (vm.state == "running") seen_[vm.created_by] = {instance, now_s};
        }
    }
    return true;
}

// Those that are off and not by their tenants, those that ran at the last look and are gone, those whose outage lasts.
std::vector<life::VmRow> Outages::suspects_in(life::Tx& tx, const Listed& listed) const {
    std::map<std::string, life::VmRow> found;
    const auto add = [&](const std::string& op_id) {
        if (auto row = life::vm_by_op_id(tx, op_id)) found.emplace(op_id, std::move(*row));
    };
    for (const auto& [instance, all] : listed) {
        std::set<std::string> there;
        for (const auto& vm : all) {
            there.insert(vm.created_by);
            if (is_our_doing(&vm)) add(vm.created_by);
        }
        for (const auto& [op_id, seen] : seen_) {
            if (seen.instance == instance && !there.contains(op_id)) add(op_id);
        }
    }
    for (const auto& outage : life::lasting_outages(tx)) {
        if (auto row = life::vm_of(tx, outage.row)) found.emplace(row->op_id, std::move(*row));
    }
    std::vector<life::VmRow> out;
    for (auto& [op_id, row] : found) out.push_back(std::move(row));
    return out;
}

void Outages::look_at(life::Tx& tx, const life::VmRow& row, const std::vector<Vm>& all, const Moment& at) {
    const auto subscription = life::subscription_by_row(tx, row.row);
    if (!subscription) return;
    auto lasting = life::lasting_outage(tx, row.row);
    const bool served = subscription->state == life::State::active;
    const Vm* vm = find_vm(all, row.op_id);
    const bool running = vm != nullptr && vm->state == "running";
    const bool unclear = vm != nullptr && vm->state != "running" && vm->state != "stopped";
    if (lasting && (running || !served)) {
        lasting->until = {at.now_s};
        if (running && vm->started_at > lasting->from && vm->started_at.seconds <= at.now_s)
            lasting->until = vm->started_at;
        life::save_outage(tx, *lasting);
        life::append_audit(tx, "kernel", "outage_over", life::subject_of(*subscription),
                           std::to_string(lasting->until.seconds - lasting->from.seconds) + " s");
        return;
    }
    // Since when it may have been off: seen by this process, or by the one before.
    const auto seen = seen_.find(row.op_id);
    const std::int64_t since = seen != seen_.end() ? seen->second.at_s : at.alive_s;
    if (!served || lasting || unclear || since == 0 || since >= at.now_s) return;
    life::OutageRow outage;
    outage.row = row.row;
    if (at.rebooted && running && vm->started_at.seconds > since) {
        outage.until = {std::min(vm->started_at.seconds, at.now_s)};
        outage.cause = "host";
    } else if (!running && (at.rebooted || is_our_doing(vm))) {
        outage.cause = at.rebooted ? "host" : "hypervisor";
    } else {
        return;
    }
    const std::int64_t active_s = life::stage_ms(tx, row.row, "active") / kMsPerSecond;
    outage.from = {std::max(since, active_s)};
    if (outage.until.seconds != 0 && outage.until <= outage.from) return;
    life::add_outage(tx, outage);
    life::append_audit(tx, "kernel", "outage", life::subject_of(*subscription),
                       outage.cause + " from " + time_to_text(outage.from) +
                           (outage.until.seconds == 0 ? "" : " to " + time_to_text(outage.until)));
}

// What is over, and of what lasts each whole day. The mark is set once the order is in the journal: an order that is
// there already is found by its op_id.
void Outages::credit() {
    std::vector<std::pair<life::OutageRow, std::string>> due;
    const std::int64_t now_s = ports_.clock.unix_ms() / kMsPerSecond;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        for (const auto& outage : life::outages_to_credit(tx)) {
            const auto row = life::subscription_by_row(tx, outage.row);
            if (row) due.emplace_back(outage, row->instance);
        }
        return {};
    });
    if (!read) return;
    for (auto& [outage, instance] : due) {
        const UnixTime from = std::max(outage.from, outage.credited);
        const bool over = outage.until.seconds != 0;
        UnixTime until = outage.until;
        if (!over) until = {from.seconds + (now_s - from.seconds) / kDay * kDay};
        const bool is_short = over && outage.until.seconds - outage.from.seconds < config_.credit_min_s;
        if (until <= from && !over) continue;
        const auto treasurer = treasurers_.find(instance);
        if (treasurer == treasurers_.end()) continue;
        if (!is_short && until > from) {
            const auto made = treasurer->second->credit_outage(outage.row, from, until);
            // Not yet, or not now: the next look tries again. Refused for good: it is left to a person.
            if (!made && made.failure().code != BH_E_CONFLICT && made.failure().code != BH_E_UNSUPPORTED) continue;
        }
        outage.credited = over ? std::max(until, UnixTime{1}) : until;
        (void)journal_.write([&](life::Tx& tx) -> Status {
            // It may have ended meanwhile: only the mark is ours.
            life::mark_credited(tx, outage.n, outage.credited);
            return {};
        });
    }
}

}  // namespace bh::funds
