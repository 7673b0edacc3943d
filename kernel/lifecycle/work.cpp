#include "kernel/lifecycle/work.hpp"

#include "kernel/lifecycle/worker.hpp"

namespace bh::life {

WorkResult Worker::run() {
    Status done = guarded() ? act() : Status{Failure{BH_E_CANCELLED, "guard", "the destruction guard refused", 0}};
    if (guard_failure_) done = *guard_failure_;
    if (!done) {
        out_.failure = done.failure();
        out_.code = out_.failure.code == BH_OK ? BH_E_INTERNAL : out_.failure.code;
    }
    return std::move(out_);
}

bool Worker::guarded() {
    const Guard guard = rules_of(in_.job.step).guard;
    if (guard == Guard::none) return true;
    auto chain = port_of(ports_.chains, in_.row.instance);
    if (!chain) return fail(chain.failure());
    auto view = look(**chain, in_.row.id, in_.final_block, in_.min_agree);
    if (!view) return fail(view.failure());
    out_.view = *view;
    FactInputs inputs;
    inputs.excludes_purchase =
        in_.row.purchase == EventState::rolled_back && view->final_block.position.height >= in_.row.purchased_at.height;
    if (guard_holds(guard, read_view(*view, in_.row.order, abilities_of(in_.chain)), inputs)) return true;
    out_.refused = true;
    return false;
}

bool Worker::fail(Failure failure) {
    // Whatever the read's failure is about, it is no word about the order: try again.
    if (failure.code != BH_E_DENIED && failure.code != BH_E_INTERRUPTED) failure.code = BH_E_UNAVAILABLE;
    guard_failure_ = std::move(failure);
    return false;
}

Status Worker::act() {
    switch (in_.job.step) {
        case Step::none:
            return {};
        case Step::check:
            return check();
        case Step::reserve:
            return reserve();
        case Step::volume_create:
            return volume_create();
        case Step::vm_create:
            return vm_create();
        case Step::start:
        case Step::resume:
        case Step::restart:
            return start();
        case Step::reach:
            return reach();
        case Step::seal:
            return seal();
        case Step::deliver:
            return deliver();
        case Step::decline:
            return decline();
        case Step::clean:
            return clean();
        case Step::suspend:
        case Step::retire:
            return stop();
        case Step::close:
            return submit_simple("close");
        case Step::burn:
            return submit_simple("burn");
        case Step::destroy:
            return destroy();
        case Step::volume_delete:
            return volume_delete();
    }
    return Failure{BH_E_INTERNAL, "no_such_step", "a step without a verb", 0};
}

NetworkBinding binding_of(const VmRow& vm, const std::optional<DelegationRow>& delegation) {
    NetworkBinding bound{vm.tap, vm.op_id, vm.address, vm.mac, "routed", "", false, {}};
    if (delegation) bound.mode = delegation->mode, bound.uplink = delegation->uplink;
    return bound;
}

WorkResult perform(const WorkInput& input, const EngineConfig& config, Ports& ports, const Call& call) {
    return Worker{input, config, ports, call}.run();
}

}  // namespace bh::life
