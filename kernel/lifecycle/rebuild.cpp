// `subscription rebuild`: asks the chain and the hypervisors first, then moves the row.
#include "kernel/lifecycle/rebuild.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/operate.hpp"
#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/crypto/digest.hpp"

#include <algorithm>
#include <charconv>

namespace bh::life {
namespace {

constexpr const char* kRebuilt = "rebuilt";  // "ROW:COMMAND ROW:COMMAND ..."
constexpr std::int64_t kMsPerMinute = 60'000;

Failure refused(const std::string& why) { return {BH_E_CONFLICT, "refused", why, 0}; }

void save_rebuilt(Tx& tx, const std::vector<Rebuilt>& all) {
    std::string text;
    for (const auto& each : all) text += (text.empty() ? "" : " ") + std::to_string(each.row) + ":" + each.command;
    set_meta(tx, kRebuilt, text);
}

struct Case {
    SubscriptionRow row;
    std::optional<VmRow> vm;
    Block final_block;
};

// What the journal says about it: ok, it may be built anew if the chain and the hypervisors agree.
Result<Case> case_of(Tx& tx, std::int64_t number) {
    auto row = subscription_by_row(tx, number);
    if (!row) return Failure{BH_E_NOT_FOUND, "not_found", "there is no subscription row " + std::to_string(number), 0};
    if (find_transition(row->state, Fact::rebuild) == nullptr) {
        return refused("the subscription is " + std::string{to_text(row->state)} +
                       ": one that is active or held can be built anew");
    }
    if (const auto job = current_job(tx, number)) {
        return refused("its step '" + std::string{to_text(job->step)} + "' is under way (`blockhost job show " +
                       std::to_string(job->n) + "`): wait for its end");
    }
    const auto cursor = cursor_of(tx, row->instance);
    if (cursor && cursor->parked_destruction) {
        return refused(
            "the chain " + row->instance +
            " was rolled back below a final position: look at it first, then `blockhost chain accept-reorg " +
            row->instance + "`");
    }
    if (!cursor || !cursor->final.position.known())
        return refused("the chain " + row->instance + " has no final position yet: try again when it has");
    if (const std::int64_t until = unsettled_until_ms(tx, number); until > tx.now_ms()) {
        return refused("a VM or volume that was asked for may still appear: try again in " +
                       std::to_string((until - tx.now_ms()) / kMsPerMinute + 1) + " minutes");
    }
    return Case{std::move(*row), vm_of(tx, number), cursor->final};
}

}  // namespace

Status find_no_vm(Ports& ports, const SubscriptionRow& row, const std::optional<VmRow>& known) {
    const auto unasked = [](Failure failure, const std::string& instance) {
        failure.message = "the hypervisor " + instance + " can't say whether it has the VM: " + failure.message;
        return failure;
    };
    const auto found = [](const std::string& instance, const std::string& vm) {
        return refused("the hypervisor " + instance + " has the VM " + vm +
                       " of this subscription: it is not lost, and nothing was done to it. `blockhost recover` takes "
                       "in what was put back; a VM that can't be used any more is removed there by hand first");
    };
    const std::string op = op_id_of(row, Step::vm_create, purchase_epoch(row));
    if (known && !ports.hypervisors.contains(known->instance)) {
        return refused("its VM is on the hypervisor " + known->instance +
                       ", which is not configured: it can't be asked whether the VM is lost");
    }
    for (const auto& [instance, port] : ports.hypervisors) {
        if (known && known->instance == instance) {
            const auto vm = port->vm_get(known->vm);
            if (vm) return found(instance, known->vm);
            if (vm.failure().code != BH_E_NOT_FOUND) return unasked(vm.failure(), instance);
        }
        const auto vms = all_vms(*port);
        if (!vms) return unasked(vms.failure(), instance);
        for (const auto& vm : *vms) {
            if (vm.created_by == op) return found(instance, vm.vm);
        }
    }
    return {};
}

Status Operator::rebuild(const Command& command, std::int64_t number, bool vm_is_gone) {
    if (!vm_is_gone) {
        return refused(
            "this builds a new VM in the place of one that is lost: look whether it is, and can't be put "
            "back, and confirm that (--gone). What was on its disk is not brought back, unless the volume "
            "is still there");
    }
    if (engine_.recovering()) return refused("the host derives everything anew just now: try again when it has");
    std::optional<Case> before;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        auto found = case_of(tx, number);
        if (!found) return found.failure();
        before = std::move(*found);
        return {};
    });
    if (!read) return read;
    auto chain = port_of(ports_.chains, before->row.instance);
    if (!chain) return chain.failure();
    std::uint32_t agree = 0;
    for (const auto& each : config_.chains) {
        if (each.instance == before->row.instance) agree = each.guard_agree;
    }
    const auto view = look(**chain, before->row.id, before->final_block, agree);
    if (!view) return view.failure();
    if (const Reading says = read_view(*view, before->row.order);
        says.final != Standing::paid || says.head != Standing::paid) {
        return refused("the chain's final position says " + std::string{to_text(says.final)} + ", its head says " +
                       std::string{to_text(says.head)} + ": only what is delivered and paid for is built anew");
    }
    if (auto none = find_no_vm(ports_, before->row, before->vm); !none) return none;
    std::string name;
    const auto done = journal_.write(name, [&](Tx& tx) -> Status {
        auto now = case_of(tx, number);  // it may have moved meanwhile
        if (!now) return now.failure();
        if (now->vm.has_value() != before->vm.has_value()) return refused("its VM has just been found: look again");
        const std::string said = "subscription rebuild " + std::to_string(number) + " --gone";
        if (auto ok = take_command(tx, command, said); !ok) return ok;
        SubscriptionRow& row = now->row;
        if (now->vm) remove_vm(tx, now->vm->op_id);
        row.restarts = 0;
        // What an earlier run of them saved names what is lost.
        for (JobRow& job : jobs_of(tx, number)) {
            if (job.checkpoint.empty() || rules_of(job.step).backend == StepRules::Backend::chain) continue;
            job.checkpoint.clear();
            save_job(tx, job);
        }
        note_rebuilt(tx, number, command.nonce);
        const Transition* rebuild = find_transition(row.state, Fact::rebuild);
        name = name_of(*rebuild);
        apply(tx, {config_, ports_.clock.boot_id()}, row, *rebuild, "its VM is lost");
        return {};
    });
    if (done) engine_.touch(number);
    return done;
}

void note_rebuilt(Tx& tx, std::int64_t row, const std::string& nonce) {
    auto all = rebuilt_rows(tx);
    std::erase_if(all, [row](const Rebuilt& each) { return each.row == row; });
    all.push_back({row, crypto::hex(crypto::sha256(crypto::bytes_of(nonce)))});
    save_rebuilt(tx, all);
}

void forget_rebuilt(Tx& tx, std::int64_t row) {
    auto all = rebuilt_rows(tx);
    if (std::erase_if(all, [row](const Rebuilt& each) { return each.row == row; }) > 0) save_rebuilt(tx, all);
}

std::vector<Rebuilt> rebuilt_rows(Tx& tx) {
    const std::string text = meta(tx, kRebuilt);
    std::vector<Rebuilt> all;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        Rebuilt one;
        const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, one.row);
        if (error == std::errc{} && stop != text.data() + end && *stop == ':') {
            one.command.assign(stop + 1, text.data() + end);
            all.push_back(std::move(one));
        }
        at = end + 1;
    }
    return all;
}

}  // namespace bh::life
